"""CIFAR-10's training images in the formats people have them in: Python, binary and parquet batches."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from harness import parquet
from harness.errors import DataError
from harness.inputs._python_batches import PIXELS, VALUES, checked_targets, read_python_batch

_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
LARGEST = 2**30
"""Bytes of a parquet file, unpacked; the 50,000 images have a tenth of it."""

_FORMATS = (
    "one of the training split's formats: Python batches (cifar-10-batches-py/data_batch_1 to _5), "
    "binary batches (cifar-10-batches-bin/data_batch_1.bin to _5.bin) or parquet (train.parquet or "
    "train-*.parquet, also in plain_text/ or data/)"
)
_SUBFOLDERS = (".", "cifar-10-batches-py", "cifar-10-batches-bin", "plain_text", "data")
_NO_FILES_NEEDED = "Inputs 'noise' and 'digits' need no files"


class ImageFiles(ABC):
    """The training images of one folder in one format."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of images."""

    @abstractmethod
    def read(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (B, 3, 32, 32) in 0..255 as uint8 and targets (B,) of the given rows."""

    def digest(self) -> str:
        """SHA-256 over the files' SHA-256, in order."""
        return hashlib.sha256("".join(file_digest(path) for path in self.paths).encode()).hexdigest()


class BinaryFiles(ImageFiles):
    """Records of one label byte and 3,072 pixel bytes, mapped into memory instead of read."""

    @cached_property
    def _records(self) -> list[np.ndarray]:
        for path in self.paths:
            size = path.stat().st_size
            if size == 0 or size % (1 + VALUES):
                raise DataError(
                    f"{path} is not a CIFAR-10 binary batch: its {size} bytes are not records of "
                    f"{1 + VALUES} bytes. Download it again."
                )
        return [np.memmap(path, np.uint8, "r").reshape(-1, 1 + VALUES) for path in self.paths]

    @cached_property
    def count(self) -> int:
        return sum(len(part) for part in self._records)

    def read(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        starts = np.cumsum([0] + [len(part) for part in self._records])
        places = np.searchsorted(starts, rows, side="right") - 1
        records = np.stack([self._records[p][row - starts[p]] for p, row in zip(places, rows, strict=True)])
        targets = checked_targets(records[:, 0], self.paths[0].parent)
        return records[:, 1:].reshape(-1, 3, PIXELS, PIXELS), targets


class PythonFiles(ImageFiles):
    """Pickled dictionaries with ``data`` (n, 3072) uint8 and ``labels``."""

    @cached_property
    def _parts(self) -> tuple[np.ndarray, np.ndarray]:
        parts = [read_python_batch(path) for path in self.paths]
        return np.concatenate([data for data, _ in parts]), np.concatenate([targets for _, targets in parts])

    @property
    def count(self) -> int:
        return len(self._parts[1])

    def read(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        data, targets = self._parts
        return data[rows].reshape(-1, 3, PIXELS, PIXELS), targets[rows]


class ParquetFiles(ImageFiles):
    """Encoded images (column ``img`` or ``image``: bytes, path) and ``label``, as on dataset hubs."""

    @cached_property
    def _table(self) -> pa.Table:
        try:
            table = pa.concat_tables([_read_parquet(path) for path in self.paths])
            image = "img" if "img" in table.column_names else "image"
            encoded = [part.field("bytes").cast(pa.large_binary()) for part in table[image].chunks]
            return pa.table({"bytes": pa.chunked_array(encoded, pa.large_binary()), "label": table["label"]})
        except (pa.ArrowException, AttributeError, KeyError, OSError, ValueError) as error:
            raise DataError(
                f"{self.paths[0]} is not CIFAR-10 in parquet, which has a column img or image with the "
                f"encoded bytes and a column label: {error}. Download it again."
            ) from error

    @property
    def count(self) -> int:
        return len(self._table)

    def read(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._table.take(pa.array(rows))
        images = zip(chosen["bytes"].to_pylist(), rows, strict=True)
        pixels = [self._decode(encoded, row) for encoded, row in images]
        targets = np.asarray(chosen["label"].to_pylist())
        return np.stack(pixels).transpose(0, 3, 1, 2), checked_targets(targets, self.paths[0])

    def _decode(self, encoded: bytes, row: int) -> np.ndarray:
        try:
            with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as image:
                size = image.size  # of its head alone: nothing is unpacked yet
                pixels = np.asarray(image.convert("RGB")) if size == (PIXELS, PIXELS) else None
        except (OSError, TypeError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise DataError(f"Image {row} of {self.paths[0]} cannot be decoded: {error}.") from error
        if pixels is None:
            raise DataError(f"Image {row} of {self.paths[0]} has {size[0]} x {size[1]} pixels, not 32 x 32.")
        return pixels


def _read_parquet(path: Path) -> pa.Table:
    # Not read_table, which would take a folder name like seed=0 for a column.
    with path.open("rb") as stream, parquet.opened(stream, LARGEST) as file:
        return file.read()


def find(folder: Path | None) -> ImageFiles:
    """The training images in ``folder`` or in the subfolder a release unpacks to.

    Raises
    ------
    DataError
        Which folder was searched, which formats are read, which inputs need no files.
    """
    if folder is None:
        raise DataError(
            f"Input 'cifar10' needs a folder with {_FORMATS}; no folder was given. {_NO_FILES_NEEDED}."
        )
    root = Path(folder).expanduser()
    for subfolder in _SUBFOLDERS:
        for kind, paths in _present(root / subfolder):
            if paths:
                return _complete(kind, paths)
    archives = sorted(path.name for path in root.glob("cifar-10-*.tar.gz"))
    hint = f" It holds {archives[0]}: unpack it with tar -xzf." if archives else ""
    state = "holds no CIFAR-10 training images" if root.is_dir() else "does not exist"
    raise DataError(f"Folder {root} {state}. It must hold {_FORMATS}.{hint} {_NO_FILES_NEEDED}.")


def _present(place: Path) -> list[tuple[type[ImageFiles], list[Path]]]:
    """For each format, the files of it that ``place`` holds."""
    single = place / "train.parquet"
    return [
        (PythonFiles, [place / name for name in _BATCHES if (place / name).is_file()]),
        (BinaryFiles, [place / f"{name}.bin" for name in _BATCHES if (place / f"{name}.bin").is_file()]),
        (ParquetFiles, [single] if single.is_file() else sorted(place.glob("train-*.parquet"))),
    ]


def _complete(kind: type[ImageFiles], paths: list[Path]) -> ImageFiles:
    files = kind(paths)
    if kind is not ParquetFiles and len(paths) < len(_BATCHES):
        raise DataError(
            f"Folder {paths[0].parent} holds {len(paths)} of the {len(_BATCHES)} CIFAR-10 training batches "
            f"({', '.join(path.name for path in paths)}). Download the missing ones."
        )
    if files.count == 0:
        raise DataError(f"{paths[0]} holds no images. Download it again.")
    return files


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, computed once per file and process."""
    status = path.stat()
    return _digest_of(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest_of(path: Path, size: int, modified: int) -> str:
    del size, modified  # a changed file has another key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
