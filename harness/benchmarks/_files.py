"""Parquet files of figures: read with their digest checked, encoded small."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness import parquet
from harness.benchmarks._manifest import File
from harness.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

Column = np.ndarray | list[str] | list[bytes]
"""Figures, strings, or 16-byte hashes."""


def read_checked(folder: Path, file: File) -> bytes:
    """The bytes of ``file``, whose SHA-256 must be the manifest's.

    Raises
    ------
    DataError
        Where the file is missing or other than the manifest says.
    """
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size > parquet.LARGEST:
            raise DataError(
                f"{path} is not the file the manifest names: it has {size:,} bytes, and a table no more than "
                f"{parquet.LARGEST:,}; `git checkout` it or import the release again."
            )
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} is named in the manifest but cannot be read ({error.strerror}); "
            "`git checkout` it or import the release again."
        ) from error
    received = hashlib.sha256(data).hexdigest()
    if received != file.sha256:
        raise DataError(
            f"{path} is not the file the manifest names: expected SHA-256 {file.sha256}, received "
            f"{received}; `git checkout` it or import the release again."
        )
    return data


def decode(
    data: bytes, where: str, rows: int | None, required: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, np.ndarray]:
    """The columns ``required``, and those of ``optional`` that are there.

    Raises
    ------
    DataError
        Where ``data`` is not parquet or absurdly large, lacks a required column, or has other than ``rows``
        rows (if given).
    """
    # A third of a second that looking at results must not pay.
    import pyarrow as pa

    required, optional = set(required), set(optional)
    try:
        file = parquet.opened(io.BytesIO(data), columns=required | optional)
        present = file.schema_arrow.names
        missing = sorted(required - set(present))
        if missing:
            raise DataError(
                f"{where} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
                f"{', '.join(present)}: import the release again."
            )
        table = file.read(columns=[name for name in present if name in required | optional])
        columns = {name: _values(table[name], f"{where}, column {name}") for name in table.column_names}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{where} is not a readable parquet file ({str(error).splitlines()[0]}); "
            "`git checkout` it or import the release again."
        ) from error
    if rows not in (None, table.num_rows):
        raise DataError(f"{where} has {table.num_rows:,} rows, expected {rows:,}; import the release again.")
    return columns


def _values(column: pa.ChunkedArray, where: str) -> np.ndarray:
    import pyarrow as pa

    if column.null_count:
        raise DataError(f"{where} lacks {column.null_count:,} values; import the release again.")
    array = column.combine_chunks()
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).astype(bool)
    # Not to_numpy(), which imports pandas.
    if pa.types.is_floating(array.type) or pa.types.is_integer(array.type):
        return np.from_dlpack(array)
    return np.array(array.to_pylist(), object)


def numbers(columns: Mapping[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
    """``columns`` as float64; raises :class:`~harness.errors.DataError` for one that holds no numbers."""
    for name, values in columns.items():
        if values.dtype.kind not in "iuf":
            raise DataError(
                f"{where}: column {name} must hold numbers, received {values.dtype}; import again."
            )
    return {name: values.astype(np.float64) for name, values in columns.items()}


def encode(columns: Mapping[str, Column]) -> bytes:
    """A parquet file of ``columns``: codes and rows as differences, zstd."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: _array(values) for name, values in columns.items()}
    differences = [name for name, values in columns.items() if name in ("code", "row") and len(values)]
    sink = io.BytesIO()
    pq.write_table(
        pa.table(arrays),
        sink,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in arrays if name not in (*differences, "module_hash")],
        column_encoding=dict.fromkeys(differences, "DELTA_BINARY_PACKED"),
        write_statistics=False,
    )
    return sink.getvalue()


def _array(values: Column) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, np.ndarray):
        return pa.array(values)
    return pa.array(values, pa.binary(16) if values and isinstance(values[0], bytes) else pa.string())
