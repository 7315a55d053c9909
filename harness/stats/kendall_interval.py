"""Kendall's tau-b with an interval that takes no resamples: for many pairs of long columns."""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from scipy.special import ndtri

from harness.stats._concordance import net_concordance
from harness.stats.rank_correlation import undefined_reason

MIN_ROWS = 10
"""Fewer rows have no interval, as in :mod:`harness.stats.bootstrap`."""


@dataclass(frozen=True)
class Kendall:
    """Tau-b over ``n`` rows, and the ends of its interval; ``None`` where undefined."""

    n: int
    tau: float | None
    low: float | None
    high: float | None


def kendall_interval(x: np.ndarray, y: np.ndarray, level: float = 0.95) -> Kendall:
    r"""Tau-b and its large-sample interval over the rows.

    With ``c_i = sum_j s(x_i - x_j) s(y_i - y_j)``, ``a_i = sum_j |s(x_i - x_j)|`` and ``b_i`` the same of
    ``y``, s the sign, tau-b is ``mean c / sqrt(mean a mean b)``, a smooth function of three U-statistics. Row
    i changes it by ``psi_i = 2 (c_i / sqrt(mean a mean b) - tau (a_i / mean a + b_i / mean b) / 2)``, so that
    its standard error is ``se = sd(psi) / sqrt(n)``; the interval ``tanh(atanh tau +- z se / (1 - tau^2))``
    with the two-sided normal quantile z. Like the bootstrap's it takes rows for draws from more rows.

    Parameters
    ----------
    x, y
        Columns (n,); a row that is not finite in one of them is left out.
    level
        Coverage.

    Returns
    -------
    Kendall
        Without tau for fewer than 2 rows or a constant column; without ends for fewer than 10 rows. Both ends
        are tau where it is -1 or 1.

    Source: Arvesen, Jackknifing U-statistics, Annals of Mathematical Statistics 40, 1969; Fisher's scale:
    Fieller, Hartley and Pearson, Tests for rank correlation coefficients I, Biometrika 44, 1957.

    Examples
    --------
    >>> kendall_interval(np.arange(20.0), np.arange(20.0) ** 2)
    Kendall(n=20, tau=1.0, low=1.0, high=1.0)
    """
    both = np.isfinite(x) & np.isfinite(y)
    x, y = (np.asarray(column, dtype=np.float64)[both] for column in (x, y))
    n = len(x)
    if undefined_reason(x, y) is not None:
        return Kendall(n, None, None, None)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    c = net_concordance(x, y, np.ones((n, 1), dtype=np.float32))[:, 0].astype(np.float64)
    a, b = (n - _equal(column) for column in (x, y))
    scale = sqrt(a.mean() * b.mean())
    tau = max(-1.0, min(1.0, float(c.mean()) / scale))
    if n < MIN_ROWS:
        return Kendall(n, tau, None, None)
    if 1 - abs(tau) < 1e-12:
        return Kendall(n, *[float(round(tau))] * 3)
    psi = 2 * (c / scale - tau * (a / a.mean() + b / b.mean()) / 2)
    half = float(ndtri((1 + level) / 2)) * float(psi.std(ddof=1)) / sqrt(n) / (1 - tau**2)
    return Kendall(n, tau, tanh(atanh(tau) - half), tanh(atanh(tau) + half))


def _equal(column: np.ndarray) -> np.ndarray:
    """For every row how many rows, itself among them, have its value."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    return counts[place].astype(np.float64)
