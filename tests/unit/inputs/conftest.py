"""A CIFAR-10 of 20 images in every format, written by the tests."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

PER_BATCH = 4
PIXELS = np.random.default_rng(0).integers(0, 256, (5 * PER_BATCH, 3, 32, 32), dtype=np.uint8)
LABELS = np.arange(5 * PER_BATCH) % 10


def parts() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, flat pixels and labels of the five batches."""
    return [
        (f"data_batch_{k + 1}", PIXELS[rows].reshape(PER_BATCH, -1), LABELS[rows])
        for k, rows in enumerate(np.split(np.arange(5 * PER_BATCH), 5))
    ]


def encode(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.fromarray(pixels.transpose(1, 2, 0)).save(target, kind)
    return target.getvalue()


def write_python(folder: Path, protocol: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data, labels in parts():
        content = {b"data": data, b"labels": labels.tolist(), b"filenames": [b"x.png"] * len(labels)}
        (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))


def write_binary(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data, labels in parts():
        records = np.concatenate([labels[:, None].astype(np.uint8), data], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())


def write_parquet(path: Path, rows: slice = slice(None), image: str = "img") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"bytes": encode(pixels), "path": None} for pixels in PIXELS[rows]]
    pq.write_table(pa.table({image: images, "label": LABELS[rows]}), path, row_group_size=7)


def write_shards(folder: Path) -> None:
    write_parquet(folder / "train-00000-of-00002.parquet", slice(0, 11), "image")
    write_parquet(folder / "train-00001-of-00002.parquet", slice(11, None), "image")
    write_parquet(folder / "test-00000-of-00001.parquet", slice(0, 3), "image")


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "python": write_python,
    "python, protocol 5": lambda folder: write_python(folder, protocol=5),
    "python in its subfolder": lambda folder: write_python(folder / "cifar-10-batches-py"),
    "binary": write_binary,
    "binary in its subfolder": lambda folder: write_binary(folder / "cifar-10-batches-bin"),
    "train.parquet": lambda folder: write_parquet(folder / "train.parquet"),
    "plain_text": lambda folder: write_parquet(folder / "plain_text" / "train-00000-of-00001.parquet"),
    "shards": write_shards,
    "folder like a column": lambda folder: write_parquet(folder / "plain_text" / "train-0.parquet"),
}


@pytest.fixture(params=sorted(LAYOUTS))
def layout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the 20 images in one layout."""
    folder = tmp_path / ("label=3" if request.param == "folder like a column" else "images")
    LAYOUTS[request.param](folder)
    return folder


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    return PIXELS


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    return LABELS


@pytest.fixture
def python_folder(tmp_path: Path) -> Path:
    write_python(tmp_path)
    return tmp_path


@pytest.fixture
def binary_folder(tmp_path: Path) -> Path:
    write_binary(tmp_path)
    return tmp_path


def write_classes(folder: Path, kind: str = "PNG") -> None:
    """The images as files, in a folder for every class."""
    for number, (pixels, label) in enumerate(zip(PIXELS, LABELS, strict=True)):
        place = folder / f"class {label}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:02d}.{kind.lower()}").write_bytes(encode(pixels, kind))


FOLDERS: dict[str, Callable[[Path], None]] = {
    "imagefolder": write_classes,
    "hub_parquet": lambda folder: write_parquet(folder / "train.parquet"),
}


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[str], Path]:
    """The folder of images that an input reads."""

    def written(name: str) -> Path:
        FOLDERS.get(name, write_python)(tmp_path / name)
        return tmp_path / name

    return written
