"""Bootstrap over the rows of a ranking: resampled statistics and their percentile intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from harness.seeding import generator
from harness.stats._weighted import STATISTICS, Pair, Weighted
from harness.stats.partial_correlation import partial
from harness.stats.rank_correlation import undefined_reason

RESAMPLES = 1000

MIN_ROWS = 10
"""Fewer rows have no interval: their resamples take too few different values."""

MANY_ROWS, FEWEST = 2**15, 100
"""More rows than that are resampled less often, by as much as they are more, but at least that often: their
intervals are narrow, and a resample of 400,000 rows costs as much as a dozen of 32,768."""

BLOCK, LARGE_BLOCK = 2**21, 2**23
"""How many draws are held in memory at once: some 250 MB with all that is computed from them; 700 MB where
rows are more than :data:`MANY_ROWS`, of which a few resamples take nearly as long as many."""


def resampled(
    x: np.ndarray,
    y: np.ndarray,
    statistics: Iterable[str] = tuple(STATISTICS),
    resamples: int = RESAMPLES,
    sample: tuple[object, ...] = (),
) -> dict[str, np.ndarray]:
    """Statistics of resamples of the rows, each exactly that of the resample written out.

    Rows are drawn with replacement, as many as there are; a row drawn twice is tied with itself in
    both columns. The draws are those of ``generator(0, "bootstrap", *sample)``: columns of equal length are
    resampled alike.

    Parameters
    ----------
    x, y
        Finite columns of equal length.
    statistics
        Names of functions of :mod:`harness.stats`: ``kendall``, ``kendall_c``, ``kendall_weighted``,
        ``spearman``, ``pearson``, ``ndcg``, ``kendall_top_decile``.
    resamples
        How many.
    sample
        Names the draws; columns of other rows get other draws under another name.

    Returns
    -------
    dict
        By statistic (resamples,), NaN where a resample is constant in a column; all NaN for columns that are
        not finite.
    """
    names = tuple(statistics)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return {name: np.full(resamples, np.nan) for name in names}
    pair = Pair(x, y)
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for weights in _weightings(len(x), resamples, sample):
        weighted = Weighted(pair, weights[pair.order])
        for name in names:
            found[name].append(STATISTICS[name](weighted))
    return {name: np.concatenate(blocks) for name, blocks in found.items()}


def _weightings(rows: int, resamples: int, sample: tuple[object, ...]) -> Iterator[np.ndarray]:
    """Blocks of resamples: how often each row was drawn, (rows, resamples of the block)."""
    rng = generator(0, "bootstrap", *sample)
    block = max(1, (BLOCK if rows <= MANY_ROWS else LARGE_BLOCK) // rows)
    for start in range(0, resamples, block):
        draws = rng.integers(rows, size=(min(block, resamples - start), rows))
        weights = np.empty((rows, len(draws)), dtype=np.float32)
        for column, draw in enumerate(draws):
            weights[:, column] = np.bincount(draw, minlength=rows)
        yield weights


def percentile_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float] | None:
    """The ends that leave ``(1 - level) / 2`` of the defined values on either side.

    ``None`` where more than half of the values are undefined, or there are none.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    defined = values[np.isfinite(values)]
    if len(defined) == 0 or 2 * len(defined) < len(values):
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def rank_intervals(
    x: np.ndarray,
    y: np.ndarray,
    statistics: Iterable[str] = tuple(STATISTICS),
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap intervals of statistics over the rows.

    Parameters
    ----------
    x, y, statistics, resamples
        As in :func:`resampled`; 0 resamples ask for no interval.
    level
        Share of the resamples between the two ends.

    Returns
    -------
    dict
        ``{name: (low, high)}``; empty for fewer than 10 rows, a constant column or a value that is not
        finite, and without a statistic that more than half of the resamples leave undefined.
    """
    return intervals_of(rank_resamples(x, y, statistics, resamples), level)


def rank_resamples(
    x: np.ndarray, y: np.ndarray, statistics: Iterable[str], resamples: int = RESAMPLES
) -> dict[str, np.ndarray]:
    """What :func:`rank_intervals` takes its intervals of; empty where there are none."""
    if not _resamplable(x, y, resamples):
        return {}
    return resampled(x, y, statistics, _affordable(len(x), resamples))


def intervals_of(values: Mapping[str, np.ndarray], level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Percentile intervals of resampled statistics, without those that most resamples leave undefined."""
    found = {name: percentile_interval(each, level) for name, each in values.items()}
    return {name: ends for name, ends in found.items() if ends is not None}


def partial_intervals(
    x: np.ndarray,
    y: np.ndarray,
    given: np.ndarray,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    known: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> dict[str, tuple[float, float]]:
    """The same for ``kendall`` and ``spearman`` given a third column.

    ``known`` are :func:`rank_resamples` of ``x`` and ``y``, where these were made before.
    """
    if not _resamplable(x, y, resamples):
        return {}
    resamples = _affordable(len(x), resamples)
    names = ("kendall", "spearman")
    own = known if set(names) <= set(known) else resampled(x, y, names, resamples)
    pairs = [own, *(resampled(*columns, names, resamples) for columns in ((x, given), (y, given)))]
    found = {}
    for name in names:
        matrices = np.broadcast_to(np.eye(3), (resamples, 3, 3)).copy()
        for (i, j), values in zip(((0, 1), (0, 2), (1, 2)), pairs, strict=True):
            matrices[:, i, j] = matrices[:, j, i] = values[name]
        found[name] = percentile_interval(partial(matrices), level)
    return {name: ends for name, ends in found.items() if ends is not None}


def _affordable(rows: int, resamples: int) -> int:
    """How many resamples of so many rows are drawn in place of ``resamples``."""
    return min(resamples, max(FEWEST, resamples * MANY_ROWS // max(rows, 1)))


def _resamplable(x: np.ndarray, y: np.ndarray, resamples: int) -> bool:
    return len(x) >= MIN_ROWS and resamples > 0 and undefined_reason(x, y) is None
