"""Tabular benchmarks: ``load(space)`` returns the trained accuracies of a space's architectures.

A table is keyed by the space's codes and described by ``MANIFEST.toml``: which labels it has,
what each means, where the figures come from, and the digest of every file.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import unknown_name
from harness.paths import BENCHMARKS_DATA
from harness.tables import _manifest
from harness.tables._label import DATASETS, Dataset, Label
from harness.tables._manifest import Entry, File
from harness.tables._table import Architectures, Table, read_table
from harness.tables._verify import verify

__all__ = [
    "DATASETS",
    "Architectures",
    "Dataset",
    "Entry",
    "File",
    "Label",
    "Table",
    "labels",
    "load",
    "names",
    "verify",
]


def names(folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the spaces that ``folder`` holds a table for, sorted."""
    return tuple(sorted(_manifest.read(folder)))


def load(space: str, folder: Path = BENCHMARKS_DATA) -> Table:
    """The table of ``space`` in ``folder``.

    Raises
    ------
    UnknownNameError
        Where the manifest has no entry for ``space``.
    DataError
        Where the manifest or a file is missing, damaged, or not what the manifest says.
    """
    return read_table(space, _entry(space, folder), folder)


def labels(space: str, folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the labels of ``space``'s table, from the manifest alone; errors as :func:`load`."""
    return tuple(_entry(space, folder).labels)


def _entry(space: str, folder: Path) -> Entry:
    entries = _manifest.read(folder)
    if space not in entries:
        raise unknown_name(f"table in {folder}", space, entries)
    return entries[space]
