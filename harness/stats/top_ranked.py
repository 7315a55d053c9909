"""What the highest scored rows are worth."""

from __future__ import annotations

import numpy as np

from harness.stats._weighted import Weighted
from harness.stats.rank_correlation import kendall, undefined_reason

MIN_TOP = 10
"""A top decile of fewer rows has no tau: it would be that of a sample of 90 architectures or less."""


def top_part(truth: np.ndarray, parts: int) -> np.ndarray:
    """Mask of one of ``parts`` equal parts of the rows (rounded up, with ties at its end): the highest truth.

    Rows whose truth is NaN are left out, and not counted.
    """
    known = truth[~np.isnan(truth)]
    if len(known) == 0:
        return np.zeros(len(truth), dtype=bool)
    last = -(-len(known) // parts)
    return truth >= np.sort(known)[-last]


def top_decile(truth: np.ndarray) -> np.ndarray:
    """Mask of the tenth of the rows whose truth is highest, as :func:`top_part`."""
    return top_part(truth, 10)


def kendall_of_top(x: np.ndarray, y: np.ndarray) -> float | None:
    """Tau-b among the rows of a top decile; ``None`` for fewer than 10, which would say little."""
    return kendall(x, y) if len(x) >= MIN_TOP else None


def ndcg(scores: np.ndarray, truth: np.ndarray) -> float | None:
    """Normalised discounted cumulative gain of the 1,000 highest scored rows.

    ``DCG / IDCG`` with ``DCG = sum over ranks r of (2^truth - 1) / log2(1 + r)``, r from 1 to 1,000 by score,
    and IDCG the same by truth. Truth is an accuracy in per cent, so that one point doubles a gain; rows with
    tied scores have the mean gain of all of them. In 0 to 1; ``None`` for fewer than 2 rows, a constant
    column, a value that is not finite, or a truth that is nowhere above 0.

    Source: Jarvelin and Kekalainen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20, 2002;
    ties: McSherry and Najork, Computing information retrieval performance measures efficiently in the
    presence of tied scores, ECIR 2008. Gains and cut-off are those with which the FLOPs of NAS-Bench-201's
    networks without idle branches reach 0.743 on CIFAR-10, where Tybl and Neumann, CVPR 2025, publish 0.745.
    """
    if undefined_reason(scores, truth) is not None:
        return None
    value = float(Weighted.once(scores, truth).ndcg()[0])
    return value if np.isfinite(value) else None


def among_top(values: np.ndarray, k: int) -> np.ndarray:
    """For every row the probability that it is one of the ``k`` highest, ties broken at random."""
    if len(values) <= k:
        return np.ones(len(values))
    last = np.sort(values)[-k]
    above, tied = values > last, values == last
    return above + tied * (k - above.sum()) / tied.sum()


def top_overlap(scores: np.ndarray, truth: np.ndarray, k: int) -> float | None:
    """Share of the ``k`` highest scored rows that are among the ``k`` with the highest truth.

    Its mean over all ways to break ties in either column; ``k / n`` is what random scores have. ``None``
    for fewer than ``k`` rows or a value that is NaN.
    """
    return float(among_top(scores, k) @ among_top(truth, k) / k) if _ranked(scores, truth, k) else None


def top_precision(scores: np.ndarray, truth: np.ndarray, k: int) -> float | None:
    """Share of the ``k`` highest scored rows whose truth is in the top decile (:func:`top_decile`).

    Its mean over all ways to break ties; 0.1 is what random scores have. ``None`` for fewer than ``k`` rows
    or a value that is NaN.
    """
    return float(among_top(scores, k) @ top_decile(truth) / k) if _ranked(scores, truth, k) else None


def best_of_top(scores: np.ndarray, truth: np.ndarray, k: int) -> float | None:
    """Highest truth among the ``k`` highest scored rows, tied scores taken worst first.

    ``None`` for fewer than ``k`` rows or a value that is NaN.
    """
    return float(truth[np.lexsort((truth, -scores))[:k]].max()) if _ranked(scores, truth, k) else None


def _ranked(scores: np.ndarray, truth: np.ndarray, k: int) -> bool:
    return len(scores) >= k and not (np.isnan(scores).any() or np.isnan(truth).any())


def rank_of(value: float, truth: np.ndarray) -> int | None:
    """Rank of ``value`` among ``truth``, 1 the highest; equal values share the best of their ranks.

    ``None`` where the value or a truth is NaN.
    """
    return None if np.isnan(value) or np.isnan(truth).any() else 1 + int((truth > value).sum())
