"""Correlations of two columns, and the words for why one does not exist."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from harness.stats._pairs import compared
from harness.stats._weighted import Weighted

SMALL = 256
"""Up to here all pairs are compared at once, which is faster than sorting, and remembered."""

REMEMBERED = 256
"""Columns whose comparisons are kept: at most 34 MB."""


def undefined_reason(x: np.ndarray, y: np.ndarray) -> str | None:
    """Why no rank correlation of ``x`` and ``y`` exists, or ``None`` where one does."""
    if len(x) < 2:
        return f"fewer than 2 rows ({len(x)})"
    for column, words in ((x, "scores"), (y, "true values")):
        unknown = int(np.count_nonzero(~np.isfinite(column)))
        if unknown:
            return f"{unknown} of {len(column)} {words} are not finite"
    if _constant(x):
        return f"all {len(x)} scores are equal"
    if _constant(y):
        return f"all {len(y)} true values are equal"
    return None


def kendall(x: np.ndarray, y: np.ndarray) -> float | None:
    r"""Kendall's tau-b.

    ``(C - D) / sqrt((C + D + Tx) (C + D + Ty))`` over all pairs of rows: C concordant, D discordant,
    Tx tied in ``x`` alone, Ty tied in ``y`` alone. In -1 to 1; ``None`` for fewer than 2 rows, a
    constant column, or a value that is not finite. Source: Kendall, The treatment of ties in ranking
    problems, Biometrika 33, 1945.

    Examples
    --------
    >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 4)
    0.3333
    """
    if len(x) > SMALL:
        return _kendall_of_many(x, y)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    a, b = _compared(x), _compared(y)
    untied = a.untied * b.untied
    if untied == 0:
        return None
    concordant, discordant = (int(np.count_nonzero(a.below & side)) for side in (b.below, b.above))
    return (concordant - discordant) / math.sqrt(untied)


def _kendall_of_many(x: np.ndarray, y: np.ndarray) -> float | None:
    if undefined_reason(x, y) is not None:
        return None
    net, differ_in_x, differ_in_y = compared(x, y)
    # Not by the root of their product, which may be too large to be exact.
    tau = net / math.sqrt(differ_in_x) / math.sqrt(differ_in_y)
    return min(1.0, max(-1.0, tau))


def kendall_c(x: np.ndarray, y: np.ndarray) -> float | None:
    r"""Kendall's tau-c (Stuart's): tau for columns with different numbers of values.

    ``2 (C - D) m / (n^2 (m - 1))`` with C and D as in :func:`kendall` and m the number of different values
    of the column that has fewer. In -1 to 1; ``None`` as in :func:`kendall`. Source: Stuart, The estimation
    and comparison of strengths of association in contingency tables, Biometrika 40, 1953.
    """
    return _once(x, y, Weighted.kendall_c)


def kendall_weighted(x: np.ndarray, y: np.ndarray) -> float | None:
    r"""Weighted tau as ``scipy.stats.weightedtau``: pairs count more the higher their rows rank.

    Tau-b with a pair of rows of ranks r and s (from 0, highest first) counted ``1 / (r + 1) + 1 / (s + 1)``
    times; the mean of two, ranks by (``x``, ``y``) and by (``y``, ``x``). In -1 to 1; ``None`` as in
    :func:`kendall`. Source: Vigna, A weighted correlation index for rankings with ties, WWW 2015.
    """
    return _once(x, y, Weighted.kendall_weighted)


def pearson(x: np.ndarray, y: np.ndarray) -> float | None:
    """Pearson's r: covariance over the product of the standard deviations.

    Not a rank correlation: it asks how well a straight line fits. In -1 to 1; ``None`` as in
    :func:`kendall`. Source: Pearson, Notes on regression and inheritance, 1895.
    """
    return _once(x, y, Weighted.pearson)


def _once(x: np.ndarray, y: np.ndarray, statistic: Callable[[Weighted], np.ndarray]) -> float | None:
    if undefined_reason(x, y) is not None:
        return None
    value = float(statistic(Weighted.once(x, y))[0])
    return value if np.isfinite(value) else None


def spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    """Spearman's rho: Pearson's correlation of the average ranks.

    In -1 to 1; ``None`` for fewer than 2 rows, a constant column, or a value that is not finite.
    Source: Spearman, The proof and measurement of association between two things, 1904.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 4)
    0.5
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    of_both = (_compared(column).ranks if len(column) <= SMALL else _centred(column) for column in (x, y))
    (u, of_u), (v, of_v) = of_both
    if of_u == 0 or of_v == 0:
        return None
    return min(1.0, max(-1.0, float(u @ v) / math.sqrt(of_u * of_v)))


def ranks(column: np.ndarray) -> np.ndarray:
    """Ranks from 1, the lowest first; rows that are tied share the mean of theirs; all NaN where one is."""
    if np.isnan(column).any():
        return np.full(len(column), np.nan)
    return _centred(column)[0] + (len(column) + 1) / 2


def _constant(column: np.ndarray) -> bool:
    return _compared(column).untied == 0 if len(column) <= SMALL else bool((column == column[0]).all())


class _Compared:
    """What all pairs of a column's rows say: which are below and above which, and ranks (:func:`_centred`).

    ``untied`` counts the pairs whose rows differ.
    """

    def __init__(self, column: np.ndarray) -> None:
        self.ranks = _centred(column)
        place = np.sort(column).searchsorted(column).astype(np.uint8)
        self.below = place[:, None] < place
        self.above = place[:, None] > place
        self.untied = int(np.count_nonzero(self.below))


def _compared(column: np.ndarray) -> _Compared:
    """The same accuracies and sizes stand beside the scores of every proxy, so they are compared once."""
    return _remembered(column.tobytes(), column.dtype.str)


@lru_cache(maxsize=REMEMBERED)
def _remembered(data: bytes, kind: str) -> _Compared:
    return _Compared(np.frombuffer(data, kind))


def _centred(column: np.ndarray) -> tuple[np.ndarray, float]:
    """Average ranks minus their mean, and the sum of their squares.

    ``(below + 1 + not above) / 2 - (n + 1) / 2`` with the numbers of rows below and not above each.
    """
    ordered = np.sort(column)
    below, not_above = (ordered.searchsorted(column, side) for side in ("left", "right"))
    ranks = (below + not_above - len(column)) / 2
    return ranks, float(ranks @ ranks)
