"""What architectures are compared by: every label of a table, and the counts that it holds of networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from harness.benchmarks import _nb201_params
from harness.benchmarks._benchmark import Architectures, keys_of
from harness.benchmarks._label import COUNTS
from harness.benchmarks._table import Table
from harness.errors import unknown_name

_BY_FORMULA = {
    "nb201": {
        "params_millions": _nb201_params.parameters,
        "flops_millions": _nb201_params.multiply_adds,
    }
}
"""Counts that a release states wrongly, or not of all its networks."""


@dataclass(frozen=True)
class Objective:
    """Something that architectures are chosen by.

    Attributes
    ----------
    name
        A label, or a name of :data:`COUNTS`.
    metric, unit, higher_is_better
        As of a label.
    dataset
        Of a label; empty for counts.
    """

    name: str
    metric: str
    unit: str
    higher_is_better: bool
    dataset: str = ""

    @property
    def sign(self) -> float:
        """What a figure is multiplied by so that higher is better."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def words(self) -> str:
        """``latency on an edge GPU (Jetson TX2), ms``; of a percentage that it is one."""
        return f"{self.metric}, {'%' if self.unit == 'per cent' else self.unit}".rstrip(", ")


def objectives(table: Table) -> dict[str, Objective]:
    """By name all that is known of the architectures of ``table``: counts first, then its labels."""
    found = {
        name: Objective(name, unit.removeprefix("millions of "), "millions", False)
        for name, unit in COUNTS.items()
        if np.isfinite(figures(table, table.keys, name)).any()
    }
    return found | {
        label.name: Objective(label.name, label.metric, label.unit, label.higher_is_better, label.dataset)
        for label in table.labels.values()
    }


def objective(table: Table, name: str) -> Objective:
    """The objective called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    known = objectives(table)
    if name not in known:
        raise unknown_name(f"cost of {table.space.name}", name, known)
    return known[name]


def figures(table: Table, archs: Architectures, name: str) -> np.ndarray:
    """Figures of ``archs`` in the objective's unit, float64, NaN for what is not known.

    Counts are of the network for the table's default label, as its release states them; those of
    NAS-Bench-201, which are wrong or missing here and there, by formula and for CIFAR-10.
    """
    if name not in COUNTS:
        return table.values(archs, name)
    by_formula = _BY_FORMULA.get(table.space.name, {})
    if name in by_formula:
        keys = keys_of(table.space, archs)
        rows = np.minimum(np.searchsorted(table.held, keys), len(table.held) - 1)
        return np.where(table.held[rows] == keys, _counted(table, name)[rows], np.nan) / 1e6
    stated = table.params(archs) if name == "params_millions" else table.flops(archs)
    return stated / 1e6


@lru_cache(maxsize=4)
def _counted(table: Table, name: str) -> np.ndarray:
    """By formula for all that ``table`` holds, in the order of its keys."""
    count = _BY_FORMULA[table.space.name][name]
    return np.array([count(table.space.of_key(int(key))) for key in table.held], dtype=np.float64)
