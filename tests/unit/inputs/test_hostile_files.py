"""Image files written to take all memory: refused, before they are unpacked."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.errors import DataError
from harness.inputs import cifar10
from harness.inputs._python_batches import read_python_batch

MOST = 50 * 2**20
"""Bytes that refusing may take."""


def refused(path: Path, words: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=words):
            read_python_batch(path)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("put", [b"r" + struct.pack("<I", 2**31), b"p99999999999\n"])
def test_a_place_in_a_memo_far_beyond_the_file(put: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    path.write_bytes(b"\x80\x02}" + put + b".")
    refused(path, "it asks for a memo of [0-9,]+ entries")


class Empty:
    """Pickled, an array of any size in a hundred bytes."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __reduce__(self):
        return np.ndarray, (self.shape, "u1")


def test_an_array_larger_than_its_file(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({b"data": Empty(10_000, 3072), b"labels": [0] * 10_000}))
    refused(path, "an array of 30,720,000 bytes in a file of")


def test_lists_of_lists_that_hold_each_other_many_times(tmp_path: Path) -> None:
    path, nest = tmp_path / "data_batch_1", [0] * 10
    for _ in range(9):
        nest = [nest] * 10
    path.write_bytes(pickle.dumps({b"data": nest, b"labels": [0]}))
    refused(path, "expected an array or a list of integers, received a list")


def png(width: int, height: int) -> bytes:
    """A PNG of one colour that claims this size, compressed to a thousandth."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def test_an_image_of_another_size_is_not_unpacked(tmp_path: Path) -> None:
    pq.write_table(pa.table({"img": [{"bytes": png(9000, 9000)}], "label": [1]}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match="has 9000 x 9000 pixels, not 32 x 32"):
        cifar10.open(10, 32, tmp_path).batch(0, 0, 1)


@pytest.mark.parametrize("repeated", [True, False])
def test_a_table_that_unpacks_to_far_more(tmp_path: Path, repeated: bool, monkeypatch) -> None:
    from harness.inputs import _cifar10_files

    monkeypatch.setattr(_cifar10_files, "LARGEST", 2**22)
    texts = ["x" * 2**13] * 600 if repeated else ["x" * 2**23]
    table = pa.table({"img": [{"bytes": text.encode()} for text in texts], "label": [1] * len(texts)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    assert len(sink.getvalue()) < 50_000
    (tmp_path / "train.parquet").write_bytes(sink.getvalue())
    with pytest.raises(DataError, match="bytes, and such a file has no more than 4,194,304"):
        cifar10.open(10, 32, tmp_path)
