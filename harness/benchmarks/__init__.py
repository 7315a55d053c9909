"""Tabular benchmarks: ``load(space)`` returns the trained accuracies of a space's architectures.

A table is keyed by the space's codes and described by ``MANIFEST.toml``: which labels it has,
what each means, where the figures come from, and the digest of every file.
"""

from __future__ import annotations

from pathlib import Path

from harness.benchmarks import _manifest
from harness.benchmarks._figures import Architectures, Benchmark, read_benchmark
from harness.benchmarks._label import DATASETS, Dataset, Label, unknown_label
from harness.benchmarks._manifest import Entry, File
from harness.benchmarks._verify import verify
from harness.errors import DataError, unknown_name
from harness.folders import BENCHMARKS_DATA

__all__ = [
    "DATASETS",
    "Architectures",
    "Benchmark",
    "Dataset",
    "Entry",
    "File",
    "Label",
    "default_label",
    "labels",
    "load",
    "names",
    "require",
    "require_label",
    "verify",
]


def names(folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the spaces that ``folder`` holds a table for, sorted."""
    return tuple(sorted(_manifest.read(folder)))


def load(space: str, folder: Path = BENCHMARKS_DATA) -> Benchmark:
    """The table of ``space`` in ``folder``.

    Raises
    ------
    UnknownNameError
        Where the manifest has no entry for ``space``.
    DataError
        Where the manifest or a file is missing, damaged, or not what the manifest says.
    """
    return read_benchmark(space, _entry(space, folder), folder)


def labels(space: str, folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the labels of ``space``'s table, from the manifest alone; errors as :func:`load`."""
    return tuple(_entry(space, folder).labels)


def default_label(space: str) -> str:
    """The label of ``space`` that counts where nobody names one; ``"none"`` where nothing is known of it."""
    if space not in names():
        return "none"
    return next(name for name, label in _entry(space, BENCHMARKS_DATA).labels.items() if label.default)


def require(space: str) -> None:
    """Make sure that there is a table of ``space``, which another package may have brought.

    Raises
    ------
    DataError
        Otherwise.
    """
    if space not in _manifest.read(BENCHMARKS_DATA):
        raise DataError(
            f"Space {space!r} has no table in {BENCHMARKS_DATA}, so that nothing says how good its "
            f"architectures are; take one of {', '.join(names())}."
        )


def require_label(space: str, name: str) -> None:
    """Make sure that the table of ``space`` has the label ``name``.

    Raises
    ------
    UnknownNameError
        Otherwise.
    """
    if name not in labels(space):
        raise unknown_label(space, name, labels(space))


def _entry(space: str, folder: Path) -> Entry:
    entries = _manifest.read(folder)
    if space not in entries:
        raise unknown_name(f"table in {folder}", space, entries)
    return entries[space]
