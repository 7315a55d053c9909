"""Images and labels in parquet files, as dataset hubs have them.

A column ``img`` or ``image`` of encoded images, each with its ``bytes``, and a column ``label`` of whole
numbers from 0 on. Read are the files ``train.parquet`` and ``train-*.parquet`` of the folder, of its ``data``
or its ``plain_text``; where there is none, all parquet files there. Decoding, sizes and normalisation are
those of ``imagefolder``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from harness import parquet
from harness.errors import DataError
from harness.inputs._cifar10_files import file_digest
from harness.inputs._pictures import Pictures, PictureSource, source

SUBFOLDERS = (".", "data", "plain_text")
LARGEST = 2**32
"""Bytes of one file, and of all of them."""


class Rows(Pictures):
    """Rows of parquet files, encoded as they are."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        tables = [_read(path) for path in paths]
        self._starts = np.cumsum([0, *(len(targets) for _, targets in tables)])
        self._encoded = [encoded for encoded, _ in tables]
        self.targets = np.concatenate([targets for _, targets in tables])

    def encoded(self, number: int) -> bytes:
        place, row = self._place(number)
        return self._encoded[place][row].as_py()

    def name(self, number: int) -> str:
        place, row = self._place(number)
        return f"Image {row} of {self._paths[place]}"

    def digest(self) -> str:
        return hashlib.sha256("".join(map(file_digest, self._paths)).encode()).hexdigest()

    def _place(self, number: int) -> tuple[int, int]:
        place = int(np.searchsorted(self._starts, number, side="right")) - 1
        return place, number - int(self._starts[place])


def open(classes: int, image_size: int, folder: Path | None = None, crop: bool = False) -> PictureSource:
    """The images in parquet files of ``folder``, at ``image_size`` pixels, for at least ``classes`` outputs.

    Raises
    ------
    DataError
        Where no folder is given, it holds no parquet files, or they are larger than 4 GiB, cannot be read or
        lack a column; for labels that are no whole numbers from 0 on, an image that cannot be read, and,
        without ``crop``, images that are not square or of several sizes.
    """
    if folder is None:
        raise DataError(
            "Input 'hub_parquet' needs a folder with parquet files; no folder was given: name it by "
            "input.folder=FOLDER."
        )
    root = Path(folder).expanduser()
    try:
        paths = _files(root)
        total = sum(path.stat().st_size for path in paths)
        if total > LARGEST:
            raise DataError(
                f"The parquet files of {root} have {total:,} bytes, and input 'hub_parquet' reads no more "
                f"than {LARGEST:,}: put fewer of them into a folder."
            )
        return source("hub_parquet", Rows(paths), classes, image_size, crop)
    except OSError as error:
        raise DataError(f"Images cannot be read from {root}: {error}.") from error


def _files(root: Path) -> list[Path]:
    for pattern in ("train*.parquet", "*.parquet"):
        for subfolder in SUBFOLDERS:
            paths = sorted((root / subfolder).glob(pattern))
            if paths:
                return paths
    state = "holds no parquet files" if root.is_dir() else "does not exist"
    raise DataError(
        f"Folder {root} {state}; input 'hub_parquet' reads train*.parquet, or else *.parquet, there, in "
        "data/ or in plain_text/."
    )


def _read(path: Path) -> tuple[pa.ChunkedArray, np.ndarray]:
    """The encoded images of a file and their labels."""
    try:
        # Not read_table, which would take a folder name like seed=0 for a column.
        with path.open("rb") as stream:
            file = parquet.opened(stream, LARGEST)
            columns = file.schema_arrow.names
            named = [name for name in ("img", "image") if name in columns]
            if not named or "label" not in columns:
                raise DataError(
                    f"{path} needs a column img or image of encoded images and a column label; received the "
                    f"columns {', '.join(columns)}."
                )
            table = file.read(columns=[named[0], "label"])
        encoded = [chunk.field("bytes").cast(pa.large_binary()) for chunk in table[named[0]].chunks]
        targets = np.asarray(table["label"].to_pylist())
    except (pa.ArrowException, AttributeError, KeyError, ValueError) as error:
        raise DataError(f"{path} cannot be read as images in parquet: {error}.") from error
    if not len(targets) or targets.dtype.kind not in "iu" or targets.min() < 0:
        raise DataError(f"The labels of {path} must be whole numbers from 0 on, one for every image.")
    return pa.chunked_array(encoded, pa.large_binary()), targets
