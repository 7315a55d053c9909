"""Bootstrap intervals of tau-b and rho over the rows of a ranking."""

from __future__ import annotations

import numpy as np
from scipy.stats import kendalltau

from harness.seeding import generator

MIN_ROWS = 10
"""Fewer rows have no interval: their resamples take too few different values."""

MATRIX_ROWS = 4096
"""Up to here all pairs of rows fit one matrix, and float32 counts them exactly (n^2 <= 2^24)."""

BLOCK = 2**21
"""How many draws are held in memory at once."""


def resamples_for(rows: int) -> int:
    """How many resamples are drawn: 500 up to 4096 rows, 200 beyond (about a second at 15,625)."""
    return 500 if rows <= MATRIX_ROWS else 200


def rank_intervals(
    x: np.ndarray, y: np.ndarray, level: float = 0.95, resamples: int | None = None
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap intervals of Kendall's tau-b and Spearman's rho.

    Rows are drawn with replacement, as many as there are; a row drawn twice is tied with itself in
    both columns, which tau-b leaves out of its pairs. The draws are those of
    ``generator(0, "bootstrap")``: two columns of equal length are resampled alike.

    Parameters
    ----------
    x, y
        Finite columns of equal length.
    level
        Share of the resamples between the two ends.
    resamples
        How many; :func:`resamples_for` the number of rows otherwise. 0 asks for no interval.

    Returns
    -------
    dict
        ``{"kendall": (low, high), "spearman": (low, high)}``; empty for fewer than 10 rows, a constant
        column, or where more than half of the resamples are constant.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    rows = len(x)
    count = resamples_for(rows) if resamples is None else resamples
    if rows < MIN_ROWS or count == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return {}
    rng = generator(0, "bootstrap")
    dense_x, dense_y = (np.unique(column, return_inverse=True)[1] for column in (x, y))
    block = max(1, BLOCK // rows)
    drawn: dict[str, list[np.ndarray]] = {"kendall": [], "spearman": []}
    for start in range(0, count, block):
        draws = rng.integers(rows, size=(min(block, count - start), rows))
        weights = np.stack([np.bincount(draw, minlength=rows) for draw in draws]).astype(np.float32)
        drawn["kendall"].append(_kendall(dense_x, dense_y, weights, draws))
        drawn["spearman"].append(_spearman(dense_x, dense_y, weights))
    tail = (1 - level) / 2
    intervals = {}
    for name, blocks in drawn.items():
        values = np.concatenate(blocks)
        values = values[np.isfinite(values)]
        if 2 * len(values) >= count:
            low, high = np.quantile(values, [tail, 1 - tail])
            intervals[name] = (float(low), float(high))
    return intervals


def _kendall(x: np.ndarray, y: np.ndarray, weights: np.ndarray, draws: np.ndarray) -> np.ndarray:
    if len(x) > MATRIX_ROWS:
        return np.array([kendalltau(x[d], y[d], method="asymptotic").statistic for d in draws])
    concordance = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
    difference = ((weights @ concordance.astype(np.float32)) * weights).sum(1, dtype=np.float64) / 2
    pairs = len(x) * (len(x) - 1) / 2
    untied = [pairs - _tied_pairs(column, weights) for column in (x, y)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return difference / np.sqrt(untied[0] * untied[1])


def _group_sizes(dense: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Drawn rows per value, (resamples, values), values ascending."""
    order = np.argsort(dense, kind="stable")
    starts = np.flatnonzero(np.diff(dense[order], prepend=-1))
    return np.add.reduceat(weights[:, order], starts, axis=1, dtype=np.float64)


def _tied_pairs(dense: np.ndarray, weights: np.ndarray) -> np.ndarray:
    sizes = _group_sizes(dense, weights)
    return (sizes * (sizes - 1) / 2).sum(1)


def _spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    centred = []
    for dense in (x, y):
        sizes = _group_sizes(dense, weights)
        ranks = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
        centred.append(ranks[:, dense] - (len(x) + 1) / 2)
    u, v = centred
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weights * u * v).sum(1) / np.sqrt((weights * u * u).sum(1) * (weights * v * v).sum(1))
