"""Accuracy by operation: what operation scores are compared with, and what the oracles hand out."""

from __future__ import annotations

from functools import cache

import numpy as np

from harness.scorers._score import Score
from harness.spaces import Architecture, Mask, Population, Space


class OperationTruth:
    """Best and mean accuracy of all architectures that are known and contain a candidate.

    An architecture contains a candidate where the decision has an effect on its network
    (:meth:`harness.spaces.Space.active`) and picks it. It is left by a mask where every
    candidate it contains is left.

    Parameters
    ----------
    population
        The architectures that count, a list of them.
    accuracies
        Their accuracy, in the same order. An architecture whose accuracy is NaN does not count.
    complete
        Whether these are all that the space's authors list.
    """

    def __init__(self, population: Population, accuracies: np.ndarray, complete: bool = True) -> None:
        known = np.isfinite(accuracies)
        archs = population.listed("Accuracy by operation")
        self._population, self._known = population, np.flatnonzero(known)
        self._starts = _starts(population.space)
        self._contains = _containing(population.space, tuple(archs))[known]
        self.complete = complete
        self.accuracies = np.asarray(accuracies, dtype=float)[known]

    @property
    def known(self) -> list[Architecture]:
        """The architectures that count, in the order of :attr:`accuracies`."""
        archs = self._population.listed("Accuracy by operation")
        return [archs[int(row)] for row in self._known]

    def best(self, mask: Mask) -> list[np.ndarray]:
        """For every decision the best accuracy by candidate; NaN where no architecture is left."""
        contains, accuracies = self._left(mask)
        spread = np.where(contains, accuracies[:, None], -np.inf)
        best = spread.max(axis=0, initial=-np.inf)
        return self._by_decision(np.where(np.isfinite(best), best, np.nan))

    def mean(self, mask: Mask) -> list[np.ndarray]:
        """For every decision the mean accuracy by candidate; NaN where no architecture is left."""
        contains, accuracies = self._left(mask)
        counts = contains.sum(axis=0)
        sums = accuracies @ contains
        return self._by_decision(np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0))

    def median(self, mask: Mask) -> list[np.ndarray]:
        """For every decision the median accuracy by candidate; NaN where no architecture is left."""
        contains, accuracies = self._left(mask)
        return self._by_decision(
            np.array([np.median(accuracies[each]) if each.any() else np.nan for each in contains.T])
        )

    def count(self, mask: Mask) -> list[np.ndarray]:
        """For every decision the number of architectures left by candidate."""
        return self._by_decision(self._left(mask)[0].sum(axis=0))

    def left(self, mask: Mask) -> np.ndarray:
        """Which of :attr:`accuracies`, those that count, are of architectures that ``mask`` leaves."""
        removed = ~np.concatenate([np.asarray(row, dtype=bool) for row in mask])
        return ~self._contains[:, removed].any(axis=1)

    def within(self, mask: Mask) -> Population:
        """The architectures that count and that ``mask`` leaves, to draw from."""
        archs = self._population.listed("A smaller space")
        return Population(
            self._population.space, [archs[int(row)] for row in self._known[self.left(mask)]], mask
        )

    def _left(self, mask: Mask) -> tuple[np.ndarray, np.ndarray]:
        left = self.left(mask)
        return self._contains[left], self.accuracies[left]

    def _by_decision(self, values: np.ndarray) -> list[np.ndarray]:
        return np.split(values, self._starts[1:-1])


def _starts(space: Space) -> np.ndarray:
    """Where every decision's candidates begin, and the number of all."""
    return np.cumsum([0, *(len(decision.candidates) for decision in space.decisions)])


@cache
def _containing(space: Space, archs: tuple[Architecture, ...]) -> np.ndarray:
    """For every architecture, which candidates it contains; the same for every label."""
    starts = _starts(space)
    contains = np.zeros((len(archs), int(starts[-1])), dtype=bool)
    for row, arch in enumerate(archs):
        for start, picks, active in zip(starts, arch, space.active(arch), strict=False):
            if active:
                contains[row, [start + pick for pick in picks]] = True
    return contains


def oracle_score(
    truth: OperationTruth, values: list[np.ndarray], mask: Mask, decision: int
) -> dict[int, Score]:
    """The values of one decision as scores of the candidates that ``mask`` leaves."""
    missing = ("skipped", "no listed architecture contains the candidate")
    if not truth.complete:
        missing = ("unknown", "no architecture whose truth is known contains the candidate")
    return {
        candidate: Score(float(value)) if np.isfinite(value) else Score(None, *missing)
        for candidate, (value, alive) in enumerate(zip(values[decision], mask[decision], strict=True))
        if alive
    }
