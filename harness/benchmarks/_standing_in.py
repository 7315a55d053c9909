"""How well one cost stands in for another, and for accuracy: tau of every pair, from a table alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from harness.benchmarks._label import COUNTS
from harness.benchmarks._objectives import Objective, figures, objectives
from harness.benchmarks._table import Table
from harness.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from harness.stats import Kendall


@dataclass(frozen=True)
class StandingIn:
    """The costs of one data set, its accuracy, and tau-b between any two of them.

    Figures are as they are, not negated: a positive tau of a latency with an accuracy says that the slower
    ones are the more accurate ones. Architectures that lack one of the two figures are left out of a pair.

    Attributes
    ----------
    counts, labels
        Costs that are counted, and those that are labels.
    accuracy
        The data set's first label of which more is better; ``None`` without one.
    """

    table: Table
    counts: tuple[Objective, ...]
    labels: tuple[Objective, ...]
    accuracy: Objective | None

    @property
    def costs(self) -> tuple[Objective, ...]:
        """Counts, then labels."""
        return self.counts + self.labels

    def tau(self, first: Objective, second: Objective) -> Kendall:
        """Tau-b of two of them with its interval over architectures."""
        from harness.stats import kendall_interval  # loads SciPy, and a config is checked without it

        return kendall_interval(self._figures(first), self._figures(second))

    def pairs(self) -> Iterator[tuple[Objective, Objective, Kendall]]:
        """Every two costs, and every cost with the accuracy."""
        both = [*self.costs, *([] if self.accuracy is None else [self.accuracy])]
        for first, second in combinations(both, 2):
            yield first, second, self.tau(first, second)

    def _figures(self, objective: Objective) -> np.ndarray:
        return figures(self.table, self.table.keys, objective.name)


def datasets_with_costs(table: Table) -> tuple[str, ...]:
    """The data sets that ``table`` has costs of; all of them where it counts alone."""
    found = {each.dataset for each in objectives(table).values() if _is_cost_label(each)}
    return tuple(name for name in table.datasets if name in found) or tuple(table.datasets)


def standing_in(table: Table, dataset: str) -> StandingIn:
    """The costs of ``dataset``.

    Raises
    ------
    UnknownNameError
        Where ``table`` has no such data set.
    ConfigError
        Where it has no cost of it, and counts nothing.
    """
    if dataset not in table.datasets:
        raise unknown_name(f"data set of {table.space.name}", dataset, table.datasets)
    known = objectives(table)
    counts = [each for name, each in known.items() if name in COUNTS]
    own = [each for each in known.values() if each.dataset == dataset]
    labels = [each for each in own if _is_cost_label(each)]
    if not counts + labels:
        raise ConfigError(
            f"{table.space.name} has no cost, neither counted nor a label of which less is better; take "
            "nb201, which has latencies and energies."
        )
    accuracy = next((each for each in own if each.higher_is_better), None)
    return StandingIn(table, tuple(counts), tuple(labels), accuracy)


def _is_cost_label(objective: Objective) -> bool:
    return bool(objective.dataset) and not objective.higher_is_better
