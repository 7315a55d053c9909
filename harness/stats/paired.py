"""Whether one method is ahead of another: paired differences, and correction for many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from harness.stats._weighted import STATISTICS, Weighted
from harness.stats.bootstrap import MIN_ROWS, RESAMPLES, percentile_interval, resampled
from harness.stats.rank_correlation import undefined_reason


@dataclass(frozen=True)
class Difference:
    """A minus B.

    Attributes
    ----------
    value
        The difference; ``None`` where one of the two is undefined.
    low, high, p
        Ends of its interval, and the two-sided p-value of no difference; ``None`` where unknown.
    n
        Architectures or seeds it is over.
    reason
        ``None``, or why a number is missing.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True)
class PairedScores:
    """Scores of two methods on the same architectures, all finite, and the truth.

    ``name`` names the bootstrap draws: samples of the same architectures in the same order share it, so
    that they are resampled alike.
    """

    a: np.ndarray
    b: np.ndarray
    truth: np.ndarray
    name: tuple[object, ...] = ()


def difference_over_architectures(
    samples: Sequence[PairedScores],
    statistic: str = "kendall",
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Difference:
    """``T(a, truth) - T(b, truth)``, averaged over the samples, with a paired bootstrap over architectures.

    Both methods are computed on the same resampled architectures, so that what makes a resample easy for
    both cancels. The interval is that of percentiles; ``p = 2 (1 + k) / (1 + resamples)``, k the resamples
    on the rarer side of 0, those at 0 counted to both: below 5 % exactly where the 95 % interval leaves 0
    out, up to the 1, and never below ``2 / (1 + resamples)``. With one sample per seed it says how sure the
    mean over these seeds is for other architectures, not for other seeds.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 15; Davison and
    Hinkley, Bootstrap Methods and their Application, 1997, section 4.2, for the 1.

    Parameters
    ----------
    samples
        One per seed, as a rule.
    statistic
        See :func:`harness.stats.resampled`.
    level, resamples
        As in :func:`harness.stats.rank_intervals`.
    """
    n = min(len(sample.truth) for sample in samples)
    for sample in samples:
        for scores in (sample.a, sample.b):
            why = undefined_reason(scores, sample.truth)
            if why is not None:
                return Difference(None, None, None, None, n, why)
    value = float(
        np.mean([_value(s.a, s.truth, statistic) - _value(s.b, s.truth, statistic) for s in samples])
    )
    if n < MIN_ROWS:
        return Difference(value, None, None, None, n, f"fewer than {MIN_ROWS} architectures ({n})")
    drawn = np.mean([_resampled(sample, statistic, resamples) for sample in samples], axis=0)
    ends = percentile_interval(drawn, level)
    if ends is None:
        return Difference(value, None, None, None, n, "most resamples are constant")
    defined = drawn[np.isfinite(drawn)]
    rarer = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return Difference(value, *ends, min(1.0, 2 * (1 + rarer) / (1 + len(defined))), n)


def _value(scores: np.ndarray, truth: np.ndarray, statistic: str) -> float:
    return float(STATISTICS[statistic](Weighted.once(scores, truth))[0])


def _resampled(sample: PairedScores, statistic: str, resamples: int) -> np.ndarray:
    a, b = (
        resampled(scores, sample.truth, [statistic], resamples, sample.name)[statistic]
        for scores in (sample.a, sample.b)
    )
    return a - b


def difference_over_seeds(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> Difference:
    """Mean of ``a - b``, paired by seed, with Student's t interval and paired t-test.

    ``mean +- t * sd / sqrt(n)`` with the quantile of t at n - 1 degrees of freedom, ``sd`` dividing by n - 1;
    ``p = 2 P(T > |mean| sqrt(n) / sd)``. Seeds pair because equal seeds share batches and initial weights.
    Where the difference is the same in every seed there is no spread to measure it by: no p-value, unless it
    is 0. Seeds without a finite value of both are left out.

    Source: Student, The probable error of a mean, Biometrika 6, 1908.
    """
    pairs = np.column_stack([np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)])
    first, second = pairs[np.isfinite(pairs).all(axis=1)].T
    differences = first - second
    n = len(differences)
    if n == 0:
        return Difference(None, None, None, None, 0, "no seed in common")
    mean = float(differences.mean())
    if n == 1:
        return Difference(mean, None, None, None, 1, "one seed has no spread")
    if np.ptp(differences) == 0:
        same = "the difference is the same in every seed"
        return Difference(mean, mean, mean, None if mean else 1.0, n, same)
    error = float(differences.std(ddof=1)) / n**0.5
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Difference(mean, mean - half, mean + half, float(2 * stdtr(n - 1, -abs(mean) / error)), n)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values corrected for their number: the chance of any false alarm stays below the level.

    The i-th smallest of m is multiplied by ``m - i + 1``, made no smaller than the one before, and cut at 1;
    those that are ``None`` or NaN become ``None`` and do not count.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.02])
    [0.03, None, 0.04, 0.04]
    """
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None and not np.isnan(p))
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for place, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - place)))
        corrected[index] = largest
    return corrected
