"""Benchmarks: ``load(space)`` returns what is known about a space, such as its trained accuracies.

Those of this project are tables of files, keyed by the space's keys and described by ``MANIFEST.toml``: which
labels a table has, what each means, where the figures come from, and the digest of every file.

Of a space that has neither nothing is known: its benchmark has the label ``none`` alone.

Packages outside the project add theirs through an entry point of the group ``harness.benchmarks``, which
is named as the space: a module with ``open() -> Benchmark``. :func:`of_values` makes a small one.
:class:`Measured` trains what it is asked about, by a function that it is handed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from harness import registry, spaces
from harness.benchmarks import _manifest
from harness.benchmarks._benchmark import Architectures, Benchmark
from harness.benchmarks._figures import StoredTable, read_table
from harness.benchmarks._label import ACCURACY, COUNTS, UNTRAINED, Ceiling, Dataset, Label, unknown_label
from harness.benchmarks._manifest import Description, File
from harness.benchmarks._measured import AnyRecipe, Measured, recipe_of_settings
from harness.benchmarks._no_figures import NoFigures
from harness.benchmarks._objectives import Objective, figures, objective, objectives
from harness.benchmarks._recipe import Recipe
from harness.benchmarks._restoration import RestorationRecipe, label_of_name
from harness.benchmarks._standing_in import StandingIn, datasets_with_costs, standing_in
from harness.benchmarks._table import Table, of_values
from harness.benchmarks._verify import verify
from harness.errors import ConfigError, HarnessError, NoFiguresError, unknown_name
from harness.folders import BENCHMARKS_DATA

__all__ = [
    "ACCURACY",
    "COUNTS",
    "UNTRAINED",
    "AnyRecipe",
    "Architectures",
    "Benchmark",
    "Ceiling",
    "Dataset",
    "Description",
    "File",
    "Label",
    "Measured",
    "Objective",
    "Recipe",
    "RestorationRecipe",
    "StandingIn",
    "StoredTable",
    "Table",
    "datasets_with_costs",
    "default_label",
    "figures",
    "find_label",
    "labels",
    "load",
    "load_table",
    "names",
    "objective",
    "objectives",
    "of_values",
    "recipe_of_settings",
    "require",
    "require_label",
    "standing_in",
    "tables",
    "verify",
]


def names() -> tuple[str, ...]:
    """Names of the spaces that there is a benchmark of, sorted: tables and those of other packages."""
    return tuple(sorted({*tables(), *_foreign()}))


def tables(folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the spaces that ``folder`` holds a table for, sorted."""
    return tuple(sorted(_manifest.read(folder)))


def load(space: str) -> Benchmark:
    """The benchmark of ``space``: its table, what another package brings, or one without figures.

    Raises
    ------
    UnknownNameError
        Where there is no such space.
    ConfigError
        Where another package's cannot be opened.
    DataError
        Where the manifest or a file is missing, damaged, or not what the manifest says.
    """
    if space in _foreign() and space not in tables():
        return _opened(space)
    if space in spaces.names() and space not in tables():
        return NoFigures(spaces.load(space))
    return load_table(space)


def load_table(space: str, folder: Path = BENCHMARKS_DATA) -> StoredTable:
    """The table of ``space`` in ``folder``; errors as :func:`load`."""
    described = _manifest.read(folder)
    if space not in described:
        raise unknown_name(f"table in {folder}", space, {*described, *_foreign()})
    return read_table(space, described[space], folder)


def labels(space: str) -> Mapping[str, Label]:
    """The labels of ``space``, those of a table from the manifest alone; errors as :func:`load`."""
    described = _manifest.read(BENCHMARKS_DATA)
    return (described[space] if space in described else load(space)).labels


def find_label(space: str, name: str) -> Label | None:
    """The label called ``name``; ``None`` where nobody knows it, or the space, any more.

    A restoration that was measured here is known by its name.
    """
    try:
        return labels(space).get(name) or label_of_name(name)
    except HarnessError:
        return None


def default_label(space: str) -> str:
    """The label of ``space`` that counts where nobody names one; ``"none"`` where nothing is known of it."""
    known = labels(space) if space in names() or space in spaces.names() else {}
    return next((name for name, label in known.items() if label.default), next(iter(known), "none"))


def require(space: str) -> None:
    """Make sure that there is a benchmark of ``space``, which another package may have brought.

    Raises
    ------
    DataError
        Otherwise.
    """
    if space not in names():
        raise NoFiguresError(
            f"Space {space!r} has no table in {BENCHMARKS_DATA}, so that nothing says how good its "
            f"architectures are; take one of {', '.join(names())}, or task=search with a searcher that asks "
            "for no accuracy."
        )


def require_label(space: str, name: str) -> None:
    """Make sure that the benchmark of ``space`` has the label ``name``.

    Raises
    ------
    UnknownNameError
        Otherwise.
    """
    if name not in labels(space):
        raise unknown_label(space, name, labels(space))


def _foreign() -> set[str]:
    """The spaces whose benchmark another package brings."""
    return {point.name for point in registry.entry_points(__name__)}


@cache
def _opened(space: str) -> Benchmark:
    module = registry.load(__name__, space, "benchmark")
    found = module.open()
    if not isinstance(found, Benchmark) or found.space.name != space:
        raise ConfigError(
            f"The benchmark {space!r} comes from another package, as {module.__name__}, and its open() "
            f"returns {found!r} in place of a benchmark of that space; mend that package or uninstall it."
        )
    return found
