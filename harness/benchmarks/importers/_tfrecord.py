"""TFRecord files: length, its checksum, data, its checksum, repeated to the end (little endian)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.benchmarks.importers._crc32c import crc32c, crc32c_many, masked
from harness.benchmarks.importers._source import damaged
from harness.errors import DataError

RECORD_LIMIT = 1 << 20
"""No record is longer than 1 MiB; NAS-Bench-101's have a few hundred bytes."""

_BATCH_RECORDS = 4096
_BATCH_BYTES = 1 << 24


def records(path: Path) -> Iterator[bytes]:
    """The data of every record of ``path``, each checked before it is handed on.

    Raises
    ------
    DataError
        Where the file is missing or truncated, a checksum is wrong or a record longer than 1 MiB.
    """
    try:
        with path.open("rb") as stream:
            batch: list[tuple[bytes, int]] = []
            longest = 0
            for record in _framed(stream, path):
                batch.append(record)
                longest = max(longest, len(record[0]))
                if len(batch) == _BATCH_RECORDS or len(batch) * longest > _BATCH_BYTES:
                    yield from _checked(batch, path)
                    batch, longest = [], 0
            yield from _checked(batch, path)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}; name the .tfrecord file of the release.") from None
    except OSError as error:
        raise damaged(path, error) from error


def _framed(stream: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    while head := stream.read(12):
        if len(head) < 12:
            raise damaged(path, "it is cut off inside a record")
        length, checksum = struct.unpack("<QI", head)
        if masked(crc32c(head[:8])) != checksum:
            raise damaged(path, f"the checksum of a length before byte {stream.tell():,} is wrong")
        if length > RECORD_LIMIT:
            raise damaged(path, f"a record before byte {stream.tell():,} claims {length:,} bytes")
        body = stream.read(length + 4)
        if len(body) < length + 4:
            raise damaged(path, "it is cut off inside a record")
        yield body[:length], struct.unpack("<I", body[length:])[0]


def _checked(batch: list[tuple[bytes, int]], path: Path) -> Iterator[bytes]:
    items = [data for data, _ in batch]
    for data, (_, expected), checksum in zip(items, batch, crc32c_many(items).tolist(), strict=True):
        if masked(checksum) != expected:
            raise damaged(path, "the checksum of a record is wrong")
        yield data
