from __future__ import annotations

import contextlib
import struct
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.importers import _tfrecord
from harness.benchmarks.importers._tfrecord import records
from harness.errors import DataError


@cache
def divided(byte: int) -> int:
    """The remainder that one byte leaves, by polynomial division."""
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


def checksum(data: bytes) -> bytes:
    """CRC-32C in the masked form of TFRecord files."""
    register = 0xFFFFFFFF
    for byte in data:
        register = divided((register ^ byte) % 256) ^ register >> 8
    register ^= 0xFFFFFFFF
    rotated = (register >> 15) + (register & 0x7FFF) * 2**17
    return struct.pack("<I", (rotated + 0xA282EAD8) % 2**32)


def frame(data: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<Q", len(data) if length is None else length)
    return head + checksum(head) + data + checksum(data)


@pytest.fixture
def write(tmp_path):
    def make(content: bytes) -> Path:
        path = tmp_path / "some.tfrecord"
        path.write_bytes(content)
        return path

    return make


def test_reads_records_of_all_lengths(write):
    items = [b"", b"a", bytes(range(256)) * 3, b"", b"xyz" * 1000]
    assert list(records(write(b"".join(map(frame, items))))) == items


def test_batches_come_in_order(write, monkeypatch):
    items = [str(number).encode() * (number % 5) for number in range(40)]
    content = b"".join(map(frame, items))
    for batch_records, batch_bytes in ((1, 1 << 24), (7, 1 << 24), (4096, 20), (4096, 0)):
        monkeypatch.setattr(_tfrecord, "_BATCH_RECORDS", batch_records)
        monkeypatch.setattr(_tfrecord, "_BATCH_BYTES", batch_bytes)
        assert list(records(write(content))) == items


def test_an_empty_file_has_no_records(write):
    assert list(records(write(b""))) == []


def test_every_truncation_is_refused(write):
    content = frame(b"abc") + frame(b"defg")
    boundaries = {0, len(frame(b"abc"))}
    for length in range(len(content)):
        if length not in boundaries:
            with pytest.raises(DataError, match=r"some\.tfrecord .*cut off inside a record"):
                list(records(write(content[:length])))


def test_every_changed_byte_is_noticed(write):
    content = frame(b"abc") + frame(b"defg")
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x10
        with pytest.raises(DataError, match="checksum"):
            list(records(write(bytes(changed))))


@pytest.mark.parametrize("length", [2**20 + 1, 2**63, 2**64 - 1])
def test_absurd_lengths_are_not_reserved(write, length):
    with pytest.raises(DataError, match=f"claims {length:,} bytes"):
        list(records(write(frame(b"abc", length))))


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*none\.tfrecord"):
        list(records(tmp_path / "none.tfrecord"))
    with pytest.raises(DataError, match="not what was expected"):
        list(records(tmp_path))


@given(st.binary(max_size=100), st.booleans())
def test_random_bytes_raise_nothing_else(data, framed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random"
        path.write_bytes(frame(b"abc") + data if framed else data)
        with contextlib.suppress(DataError):
            list(records(path))
