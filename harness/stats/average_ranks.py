"""Which of several methods rank apart over several blocks, such as spaces and seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from harness.stats import rank_correlation


@dataclass(frozen=True)
class AverageRanks:
    """Average ranks of k methods over N blocks.

    Attributes
    ----------
    ranks
        By method, 1 the best in every block, tied ones sharing theirs.
    blocks, dropped
        Blocks in which every method has a value, and the others, which are left out.
    statistic, p
        Friedman's chi squared at k - 1 degrees of freedom and its p-value: whether any method differs.
    critical_difference
        Methods whose average ranks differ by no more cannot be told apart (Nemenyi).
    cliques
        The largest sets of methods that cannot be told apart, each by ascending average rank.
    reason
        ``None``, or why there is no test.
    """

    ranks: tuple[float, ...]
    blocks: int
    dropped: int
    statistic: float | None = None
    p: float | None = None
    critical_difference: float | None = None
    cliques: tuple[tuple[int, ...], ...] = ()
    reason: str | None = None


def average_ranks(values: np.ndarray, level: float = 0.95) -> AverageRanks:
    """Friedman's test and Nemenyi's critical difference.

    ``chi^2 = (k - 1) sum_j (R_j - N (k + 1) / 2)^2 / sum_ij (r_ij - (k + 1) / 2)^2`` with r_ij the rank of
    method j in block i and R_j its sum over blocks, which takes ties into account; ``CD = q sqrt(k (k + 1) /
    (6 N))`` with q the quantile of the studentised range of k normal variables, over the root of 2.

    Parameters
    ----------
    values
        (blocks, methods), higher is better, NaN where a method has none.
    level
        Of the critical difference.

    Source: Friedman, The use of ranks to avoid the assumption of normality, Journal of the American
    Statistical Association 32, 1937; Demsar, Statistical comparisons of classifiers over multiple data sets,
    Journal of Machine Learning Research 7, 2006.
    """
    values = np.asarray(values, dtype=np.float64)
    complete = np.isfinite(values).all(axis=1)
    blocks, methods = values[complete].shape
    dropped = int((~complete).sum())
    if blocks == 0 or methods == 0:
        return AverageRanks((), blocks, dropped, reason="no block in which every method has a value")
    ranks = np.array([rank_correlation.ranks(-block) for block in values[complete]])
    means = tuple(map(float, ranks.mean(0)))
    if blocks < 2 or methods < 2:
        why = f"a comparison of ranks takes 2 methods and 2 blocks, not {methods} and {blocks}"
        return AverageRanks(means, blocks, dropped, reason=why)
    middle = (methods + 1) / 2
    spread = float(((ranks - middle) ** 2).sum())
    if spread == 0:
        return AverageRanks(means, blocks, dropped, reason="all methods are tied in every block")
    statistic = (methods - 1) * float(((ranks.sum(0) - blocks * middle) ** 2).sum()) / spread
    quantile = studentised_range(level, methods) / 2**0.5
    difference = quantile * (methods * (methods + 1) / (6 * blocks)) ** 0.5
    return AverageRanks(
        means,
        blocks,
        dropped,
        statistic,
        float(chdtrc(methods - 1, statistic)),
        difference,
        _cliques(means, difference),
    )


def studentised_range(level: float, count: int) -> float:
    """Quantile at ``level`` of the range of ``count`` independent standard normal variables, 2 or more.

    ``P(range <= q) = k int phi(z) (Phi(z) - Phi(z - q))^(k - 1) dz`` over the largest of k, by trapezia:
    their error is below 1e-12, since all derivatives vanish at both ends.
    """
    largest, step = np.linspace(-9.0, 9.0, 361, retstep=True)
    density = count * step * np.exp(-(largest**2) / 2) / math.sqrt(2 * math.pi)
    low, high = 0.0, 100.0
    while low < (middle := (low + high) / 2) < high:
        below = float(density @ (ndtr(largest) - ndtr(largest - middle)) ** (count - 1))
        low, high = (middle, high) if below < level else (low, middle)
    return low


def _cliques(ranks: tuple[float, ...], difference: float) -> tuple[tuple[int, ...], ...]:
    order = sorted(range(len(ranks)), key=lambda method: ranks[method])
    found: list[tuple[int, ...]] = []
    for start, first in enumerate(order):
        clique = tuple(method for method in order[start:] if ranks[method] - ranks[first] <= difference)
        if not found or not set(clique) <= set(found[-1]):
            found.append(clique)
    return tuple(found)
