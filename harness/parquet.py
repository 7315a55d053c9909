"""Parquet files that others wrote: as a few kilobytes can unpack to gigabytes, sizes are checked first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow.parquet as pq

LARGEST = 2**28
"""Bytes that a file holds at most, compressed, unpacked, and as columns in memory."""

COLUMNS = 1000
AT_ONCE = 4096
"""Rows whose texts are looked at together."""

_BYTES = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_ENCODINGS = {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED", "DELTA_BINARY_PACKED"}
"""Those whose texts and bytes are no longer than the unpacked file, but where one of them stands for many."""


def opened(
    source: BinaryIO, largest: int = LARGEST, columns: Collection[str] | None = None
) -> pq.ParquetFile:
    """The parquet file in ``source``, if what it holds is no larger than ``largest`` bytes in memory.

    ``columns`` are those that will be read, ``None`` for all. Sizes are those that the footer says, and for
    texts those they have when each is written out, since one in the file can stand in a million rows. A
    footer that lies about the pages before it is not seen through.

    Raises
    ------
    ValueError
        For a larger file, more than 1,000 columns, or encodings whose size cannot be known beforehand.
    pyarrow.ArrowException, OSError
        Where it is no parquet file.
    """
    import pyarrow.parquet as pq

    source.seek(0, 2)
    _require(source.tell(), largest)
    source.seek(0)
    file = pq.ParquetFile(source)
    if file.metadata.num_columns > COLUMNS:
        raise ValueError(f"it has {file.metadata.num_columns:,} columns, and may have {COLUMNS:,}")
    chunks = list(_chunks(file.metadata, columns))
    unpacked = sum(max(chunk.total_uncompressed_size, 0) for chunk in chunks)
    _require(max(unpacked, file.metadata.num_rows), largest)
    unknown = {encoding for chunk in chunks for encoding in chunk.encodings} - _ENCODINGS
    if unknown:
        raise ValueError(f"it is encoded as {', '.join(sorted(unknown))}, which is not read here")
    _written_out(file, chunks, largest)
    return file


def _chunks(metadata: pq.FileMetaData, columns: Collection[str] | None) -> Iterator[pq.ColumnChunkMetaData]:
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            if columns is None or chunk.path_in_schema.partition(".")[0] in columns:
                yield chunk


def _written_out(file: pq.ParquetFile, chunks: list[pq.ColumnChunkMetaData], largest: int) -> int:
    """Bytes of all values, each counted as often as it stands there."""
    lengths = {column.path: column.length for column in map(file.schema.column, range(len(file.schema)))}
    texts = [chunk for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"]
    numbers = (chunk for chunk in chunks if chunk.physical_type != "BYTE_ARRAY")
    total = sum(
        chunk.num_values * _BYTES.get(chunk.physical_type, lengths[chunk.path_in_schema]) for chunk in numbers
    )
    _require(total, largest)
    if sum(chunk.num_values * chunk.total_uncompressed_size for chunk in texts) <= largest:
        return total
    # So few rows at a time that they are no larger than that, even where each is the longest text possible.
    rows = max(1, largest // max(chunk.total_uncompressed_size for chunk in texts))
    for path in {chunk.path_in_schema for chunk in texts}:
        for batch in file.iter_batches(min(rows, AT_ONCE), columns=[path], use_threads=False):
            total += batch.nbytes
            _require(total, largest)
    return total


def _require(received: int, largest: int) -> None:
    if received > largest:
        raise ValueError(f"it holds {received:,} bytes, and such a file has no more than {largest:,}")
