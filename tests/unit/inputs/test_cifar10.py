from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.errors import ConfigError, DataError
from harness.inputs import _cifar10_files, cifar10


def restored(images: np.ndarray) -> np.ndarray:
    """Pixels 0..255 of normalised images."""
    mean = np.array([0.4914, 0.4822, 0.4465])[:, None, None]
    deviation = np.array([0.2470, 0.2435, 0.2616])[:, None, None]
    return (images * deviation + mean) * 255


def test_every_layout_holds_the_same_images(layout: Path, pixels: np.ndarray, labels: np.ndarray) -> None:
    source = cifar10.open(classes=10, image_size=32, folder=layout)
    batch = source.batch(0, 0, source.largest_batch)
    assert source.largest_batch == 20
    found = restored(batch.images.numpy())
    distances = np.abs(found[:, None] - pixels[None]).max(axis=(2, 3, 4))
    matches = distances.argmin(axis=1)
    assert distances.min(axis=1).max() < 0.2
    assert sorted(matches) == list(range(20))
    assert batch.targets.tolist() == labels[matches].tolist()


def test_the_same_rows_are_drawn_from_every_format(python_folder: Path, binary_folder: Path) -> None:
    (python_folder / "bin").mkdir()
    for path in binary_folder.glob("*.bin"):
        path.rename(python_folder / "bin" / path.name)
    first = cifar10.open(10, 32, python_folder).batch(1, 2, 5)
    second = cifar10.open(10, 32, python_folder / "bin").batch(1, 2, 5)
    assert first.images.equal(second.images)
    assert first.targets.equal(second.targets)


def test_half_the_size_is_the_mean_of_four_pixels(python_folder: Path) -> None:
    large = cifar10.open(10, 32, python_folder).batch(0, 0, 4).images.double()
    small = cifar10.open(10, 16, python_folder).batch(0, 0, 4).images.double()
    mean = (
        large[:, :, ::2, ::2] + large[:, :, 1::2, ::2] + large[:, :, ::2, 1::2] + large[:, :, 1::2, 1::2]
    ) / 4
    assert (small - mean).abs().max() < 1e-6


def test_images_are_decoded_only_when_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    image = {"bytes": _png(), "path": None}
    pq.write_table(pa.table({"img": [image] * 500, "label": [3] * 500}), tmp_path / "train.parquet")
    opened = []
    original = Image.open
    monkeypatch.setattr(_cifar10_files.Image, "open", lambda *a, **k: opened.append(1) or original(*a, **k))
    source = cifar10.open(10, 32, tmp_path)
    assert len(opened) == 0
    source.batch(0, 0, 6)
    assert len(opened) == 6


def _png(size: tuple[int, int] = (32, 32)) -> bytes:
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(target, "PNG")
    return target.getvalue()


def test_the_digest_follows_the_bytes(binary_folder: Path) -> None:
    before = cifar10.open(10, 32, binary_folder).digest
    path = binary_folder / "data_batch_5.bin"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    assert cifar10.open(10, 32, binary_folder).digest != before


def test_no_folder_is_answered() -> None:
    with pytest.raises(DataError, match=r"no folder was given\. Inputs 'noise' and 'digits' need no files"):
        cifar10.open(10, 32)


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_images_is_named_with_the_formats(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path if exists else tmp_path / "missing"
    with pytest.raises(DataError) as caught:
        cifar10.open(10, 32, folder)
    text = str(caught.value)
    assert str(folder) in text
    assert ("does not exist" in text) is not exists
    for word in (
        "data_batch_1",
        "cifar-10-batches-bin",
        "train.parquet",
        "plain_text",
        "'noise'",
        "'digits'",
    ):
        assert word in text


def test_an_archive_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match=r"It holds cifar-10-python\.tar\.gz: unpack it"):
        cifar10.open(10, 32, tmp_path)


def test_missing_batches_are_counted(python_folder: Path) -> None:
    (python_folder / "data_batch_3").unlink()
    with pytest.raises(DataError, match="holds 4 of the 5 CIFAR-10 training batches"):
        cifar10.open(10, 32, python_folder)


@pytest.mark.parametrize("size", [0, 7, 64])
def test_sizes_that_do_not_divide_are_answered(python_folder: Path, size: int) -> None:
    with pytest.raises(ConfigError, match=f"received image size {size}"):
        cifar10.open(10, size, python_folder)


class Hostile:
    def __init__(self, function: object, *arguments: object) -> None:
        self.recipe = function, arguments

    def __reduce__(self) -> tuple:
        return self.recipe


@pytest.mark.parametrize("protocol", range(6))
def test_a_hostile_pickle_is_refused_and_runs_nothing(
    python_folder: Path, tmp_path: Path, protocol: int
) -> None:
    trace = tmp_path / "trace"
    attack = Hostile(os.system, f"touch {trace}")
    (python_folder / "data_batch_2").write_bytes(pickle.dumps({b"data": attack}, protocol=protocol))
    with pytest.raises(
        DataError, match=r"data_batch_2 is not .* it asks for .*system, which no CIFAR-10 batch"
    ):
        cifar10.open(10, 32, python_folder)
    assert not trace.exists()


def test_other_codecs_are_refused(python_folder: Path) -> None:
    import codecs

    (python_folder / "data_batch_1").write_bytes(
        pickle.dumps(Hostile(codecs.encode, "abc", "rot13"), protocol=2)
    )
    with pytest.raises(DataError, match="it asks for the encoding 'rot13'"):
        cifar10.open(10, 32, python_folder)


IMAGES = np.zeros((4, 3072), np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80",
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": IMAGES}),
        pickle.dumps({b"data": IMAGES.astype(float), b"labels": [0] * 4}),
        pickle.dumps({b"data": IMAGES[:, 1:], b"labels": [0] * 4}),
        pickle.dumps({b"data": IMAGES, b"labels": [0] * 3}),
        pickle.dumps({b"data": IMAGES, b"labels": [0, 1, 2, 10]}),
        pickle.dumps({b"data": IMAGES, b"labels": [0, 1, 2, -1]}),
        pickle.dumps({b"data": IMAGES, b"labels": [0, 1, 2, 0.5]}),
    ],
)
def test_damaged_python_batches_are_named(python_folder: Path, content: bytes) -> None:
    (python_folder / "data_batch_4").write_bytes(content)
    with pytest.raises(DataError, match="data_batch_4"):
        cifar10.open(10, 32, python_folder)


def test_text_keys_are_read_too(python_folder: Path) -> None:
    (python_folder / "data_batch_1").write_bytes(
        pickle.dumps({"data": IMAGES, "labels": np.zeros(4, np.int64)})
    )
    assert cifar10.open(10, 32, python_folder).largest_batch == 20


@pytest.mark.parametrize("content", [b"", b"x" * 3072])
def test_damaged_binary_batches_are_named(binary_folder: Path, content: bytes) -> None:
    (binary_folder / "data_batch_2.bin").write_bytes(content)
    with pytest.raises(DataError, match=r"data_batch_2\.bin is not a CIFAR-10 binary batch"):
        cifar10.open(10, 32, binary_folder)


def test_binary_labels_out_of_range_are_answered(binary_folder: Path) -> None:
    (binary_folder / "data_batch_2.bin").write_bytes(bytes([77]) * 3073)
    source = cifar10.open(10, 32, binary_folder)
    with pytest.raises(DataError, match="labels outside"):
        source.batch(0, 0, source.largest_batch)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"img": [{"bytes": b"x"}], "fine_label": [1]}),
        pa.table({"pixels": [1], "label": [1]}),
        pa.table({"img": [b"x"], "label": [1]}),
        pa.table({"img": [{"path": "x"}], "label": [1]}),
        None,
    ],
)
def test_other_parquet_files_are_refused(tmp_path: Path, table: pa.Table | None) -> None:
    path = tmp_path / "train.parquet"
    path.write_bytes(b"not parquet") if table is None else pq.write_table(table, path)
    with pytest.raises(DataError, match=r"train\.parquet is not CIFAR-10 in parquet"):
        cifar10.open(10, 32, tmp_path)


@pytest.mark.parametrize(
    ("encoded", "label", "message"),
    [
        (b"x", 1, "cannot be decoded"),
        (None, 1, "cannot be decoded"),
        (_png()[:60], 1, "cannot be decoded"),
        (_png((16, 16)), 1, "has 16 x 16 pixels, not 32 x 32"),
        (_png(), 10, "labels outside"),
        (_png(), None, "labels outside"),
    ],
)
def test_damaged_parquet_rows_are_named(
    tmp_path: Path, encoded: bytes | None, label: int, message: str
) -> None:
    pq.write_table(pa.table({"img": [{"bytes": encoded}], "label": [label]}), tmp_path / "train.parquet")
    source = cifar10.open(10, 32, tmp_path)
    with pytest.raises(DataError, match=message):
        source.batch(0, 0, 1)


def test_an_empty_table_is_answered(tmp_path: Path) -> None:
    empty = pa.table(
        {"img": pa.array([], pa.struct({"bytes": pa.binary()})), "label": pa.array([], pa.int64())}
    )
    pq.write_table(empty, tmp_path / "train.parquet")
    with pytest.raises(DataError, match="holds no images"):
        cifar10.open(10, 32, tmp_path)


def test_the_release_has_50000_images_with_the_known_statistics(shared: Path) -> None:
    source = cifar10.open(10, 32, shared / "data" / "cifar10")
    batch = source.batch(0, 0, 512)
    assert source.largest_batch == 50_000
    assert batch.images.mean(dim=(0, 2, 3)).abs().max() < 0.1
    assert (batch.images.std(dim=(0, 2, 3)) - 1).abs().max() < 0.1
