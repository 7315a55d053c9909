"""Benchmarks whose figures are all held in memory, by architecture and column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.benchmarks._benchmark import Architectures, Benchmark, keys_of
from harness.benchmarks._label import Dataset, Label, reduce_columns
from harness.errors import ConfigError
from harness.spaces import Architecture, Space


@dataclass(frozen=True, eq=False)
class Table(Benchmark):
    """Figures looked up by ``space.key``.

    ``held`` are the keys, ascending, of all cells that there are figures of, in the order of ``figures``;
    ``architectures`` are those of them that can be drawn.
    """

    space: Space
    labels: Mapping[str, Label]
    datasets: Mapping[str, Dataset]
    held: np.ndarray
    figures: Mapping[str, np.ndarray]
    architectures: Sequence[Architecture] = ()
    complete: bool = False
    _values: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.held)

    def values(self, archs: Architectures, label: str) -> np.ndarray:
        """NaN too where the run that ``label`` names does not exist; see :meth:`Benchmark.values`."""
        return self._looked_up(self._column(label), archs)

    def runs(self, archs: Architectures, label: str) -> np.ndarray | None:
        chosen = self.label(label)
        if not chosen.run_columns:
            return None
        columns = [self._looked_up(self.figures[name], archs) for name in chosen.run_columns]
        return np.stack(columns, axis=1) * chosen.scale

    def digest(self, label: str) -> str:
        """Over the keys and figures of all cells, little-endian, 8 bytes each."""
        data = self.held.astype("<i8").tobytes() + self._column(label).astype("<f8").tobytes()
        return hashlib.sha256(data).hexdigest()

    def params(self, archs: Architectures) -> np.ndarray:
        """Trainable parameters as the release states them, NaN where it does not."""
        return self._cost("params", archs)

    def flops(self, archs: Architectures) -> np.ndarray:
        """Floating-point operations of one image as the release counts them, NaN where it does not."""
        return self._cost("flops", archs)

    def _column(self, label: str) -> np.ndarray:
        chosen = self.label(label)
        if label not in self._values:
            stored = np.stack([self.figures[name] for name in chosen.columns], axis=1)
            self._values[label] = reduce_columns(stored, chosen.reduce) * chosen.scale
        return self._values[label]

    def _cost(self, name: str, archs: Architectures) -> np.ndarray:
        return self._looked_up(self.figures.get(name, np.full(len(self), np.nan)), archs)

    def _looked_up(self, column: np.ndarray, archs: Architectures) -> np.ndarray:
        keys = keys_of(self.space, archs)
        rows = np.minimum(np.searchsorted(self.held, keys), len(self) - 1)
        return np.where(self.held[rows] == keys, column[rows], np.nan)


def of_values(
    space: Space,
    labels: Iterable[Label],
    archs: Sequence[Any],
    columns: Mapping[str, Sequence[float]],
    datasets: Mapping[str, Dataset],
) -> Table:
    """A benchmark of a few figures: what a package brings in a few lines.

    Parameters
    ----------
    space, labels, datasets
        As of :class:`Benchmark`.
    archs
        The architectures whose truth is known, in any form that ``space`` parses.
    columns
        For every name among the labels' ``columns`` one figure for each of ``archs``.

    Raises
    ------
    ConfigError
        For an architecture that is not of the space or comes twice, or a column of another length.
    """
    parsed = tuple(space.normalise(space.parse(arch)) for arch in archs)
    keys = keys_of(space, parsed)
    figures = {name: np.asarray(values, np.float64) for name, values in columns.items()}
    wrong = [name for name, values in figures.items() if values.shape != keys.shape]
    if wrong or len(set(keys.tolist())) < len(keys) or not len(keys):
        why = f"column {wrong[0]} has another length" if wrong else "one comes twice, or there is none"
        raise ConfigError(f"A benchmark of {space.name} has one figure for each architecture: {why}.")
    named = {label.name: label for label in labels}
    order = np.argsort(keys)
    held = {name: values[order] for name, values in figures.items()}
    return Table(space, named, datasets, keys[order], held, parsed, complete=len(keys) == space.size)
