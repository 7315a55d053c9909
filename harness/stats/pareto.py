"""Two objectives at once: what no other row beats in both, and how much of the plane that covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def pareto_front(quality: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Mask of the rows that no other dominates.

    A row dominates another where its quality is no lower, its cost no higher, and one of the two better. Rows
    equal in both stand on the front together. A row that is not finite in one of the two is on no front.

    Parameters
    ----------
    quality, cost
        Columns (n,): higher is better, lower is better.

    Source: Kung, Luccio and Preparata, On finding the maxima of a set of vectors, Journal of the ACM 22,
    1975.

    Examples
    --------
    >>> pareto_front(np.array([1.0, 3.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 2.0])).tolist()
    [True, True, False, True]
    """
    front = np.zeros(len(quality), dtype=bool)
    known = np.flatnonzero(np.isfinite(quality) & np.isfinite(cost))
    if not len(known):
        return front
    order = known[np.lexsort((-quality[known], cost[known]))]  # the cheapest first, of these the best
    best = np.maximum.accumulate(quality[order])
    before = np.concatenate([[-np.inf], best[:-1]])
    new = quality[order] > before
    chosen = order[new]
    place = np.maximum(np.cumsum(new) - 1, 0)
    equal = (quality[order] == quality[chosen][place]) & (cost[order] == cost[chosen][place])
    front[order[equal]] = True
    return front


def hypervolume(quality: np.ndarray, cost: np.ndarray, reference: tuple[float, float]) -> float:
    """Area that the rows dominate, as far as a reference point.

    ``area of { (q, c) : reference quality <= q <= quality_i and cost_i <= c <= reference cost for some i }``,
    in the product of the two units. Rows that are not finite, or no better than the reference in one of the
    two, add nothing; 0 without any.

    Parameters
    ----------
    quality, cost
        Columns (n,): higher is better, lower is better.
    reference
        A quality and a cost, the worst that count.

    Source: Zitzler and Thiele, Multiobjective optimization using evolutionary algorithms, PPSN V, 1998.

    Examples
    --------
    >>> hypervolume(np.array([1.0, 3.0]), np.array([1.0, 2.0]), (0.0, 4.0))
    7.0
    """
    rows = np.flatnonzero(pareto_front(quality, cost))
    rows = rows[(quality[rows] > reference[0]) & (cost[rows] < reference[1])]
    rows = rows[np.argsort(cost[rows], kind="stable")]
    steps = np.diff(np.concatenate([[reference[0]], quality[rows]]))  # of rows equal in both the second is 0
    return float(steps @ (reference[1] - cost[rows]))


@dataclass(frozen=True)
class FrontFound:
    """How near some rows come to the front of all.

    Attributes
    ----------
    n
        The rows that are known in both objectives.
    n_front
        How many of them no other of them dominates.
    hypervolume
        Their hypervolume over that of the true front, 0 to 1; ``None`` where the front covers nothing.
    share
        Share of the points of the true front that they reach, 0 to 1: points, of which several rows may stand
        in one place, counted once.
    """

    n: int
    n_front: int
    hypervolume: float | None
    share: float


@dataclass(frozen=True)
class TrueFront:
    """The front of all rows that are known, and what it is measured against.

    Attributes
    ----------
    quality, cost
        Of its points by rising cost, each once.
    reference
        The lowest quality and the highest cost of all rows.
    hypervolume
        See :func:`hypervolume`.
    """

    quality: np.ndarray
    cost: np.ndarray
    reference: tuple[float, float]
    hypervolume: float

    @classmethod
    def of(cls, quality: np.ndarray, cost: np.ndarray) -> TrueFront | None:
        """The front of these columns; ``None`` where no row is known in both."""
        known = np.isfinite(quality) & np.isfinite(cost)
        if not known.any():
            return None
        reference = float(quality[known].min()), float(cost[known].max())
        front = pareto_front(quality, cost)
        points = np.unique(np.stack([cost[front], quality[front]], axis=1), axis=0)
        return cls(points[:, 1], points[:, 0], reference, hypervolume(quality, cost, reference))

    @cached_property
    def _points(self) -> frozenset[tuple[float, float]]:
        return frozenset(zip(self.quality.tolist(), self.cost.tolist(), strict=True))

    def found(self, quality: np.ndarray, cost: np.ndarray) -> FrontFound:
        """What rows with these columns reach of it; columns in the same units, higher and lower is better."""
        front = pareto_front(quality, cost)
        met = set(zip(quality[front].tolist(), cost[front].tolist(), strict=True))
        covered = hypervolume(quality, cost, self.reference)
        return FrontFound(
            n=int((np.isfinite(quality) & np.isfinite(cost)).sum()),
            n_front=int(front.sum()),
            hypervolume=covered / self.hypervolume if self.hypervolume > 0 else None,
            share=len(met & self._points) / len(self._points),
        )
