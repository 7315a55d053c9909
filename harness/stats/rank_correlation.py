"""Correlations of two columns, and the words for why one does not exist."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import kendalltau, rankdata

from harness.stats._weighted import Weighted

SMALL = 200
"""Up to here comparing all pairs at once is faster than sorting; operation scores are mostly a handful."""


def undefined_reason(x: np.ndarray, y: np.ndarray) -> str | None:
    """Why no rank correlation of ``x`` and ``y`` exists, or ``None`` where one does."""
    if len(x) < 2:
        return f"fewer than 2 rows ({len(x)})"
    if np.ptp(x) == 0:
        return f"all {len(x)} scores are equal"
    if np.ptp(y) == 0:
        return f"all {len(y)} true values are equal"
    return None


def kendall(x: np.ndarray, y: np.ndarray) -> float | None:
    r"""Kendall's tau-b.

    ``(C - D) / sqrt((C + D + Tx) (C + D + Ty))`` over all pairs of rows: C concordant, D discordant,
    Tx tied in ``x`` alone, Ty tied in ``y`` alone. In -1 to 1; ``None`` for fewer than 2 rows or a
    constant column. Source: Kendall, The treatment of ties in ranking problems, Biometrika 33, 1945.

    Examples
    --------
    >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 4)
    0.3333
    """
    if undefined_reason(x, y) is not None:
        return None
    if len(x) > SMALL:
        return float(kendalltau(x, y).statistic)
    a, b = (np.sign(column[:, None] - column[None, :]) for column in (x, y))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


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

    In -1 to 1; ``None`` for fewer than 2 rows or a constant column.
    Source: Spearman, The proof and measurement of association between two things, 1904.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 4)
    0.5
    """
    if undefined_reason(x, y) is not None:
        return None
    u, v = (_ranks(column) - (len(column) + 1) / 2 for column in (x, y))
    return float(np.clip(u @ v / np.sqrt((u @ u) * (v @ v)), -1.0, 1.0))


def _ranks(column: np.ndarray) -> np.ndarray:
    """Average ranks from 1."""
    if len(column) > SMALL:
        return rankdata(column)
    below = (column[:, None] > column[None, :]).sum(1)
    return below + ((column[:, None] == column[None, :]).sum(1) + 1) / 2
