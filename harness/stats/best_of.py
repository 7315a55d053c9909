"""What picking the highest scored of n architectures drawn at random is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln


def expected_highest(scores: np.ndarray, truth: np.ndarray, n: int) -> float:
    """Mean truth of the highest scored of ``n`` rows drawn at random without replacement.

    ``sum over scores s of mean truth at s * (C(N_s, n) - C(N_s-, n)) / C(N, n)`` over the different scores,
    N_s rows scoring s or less and N_s- less: the probability that s is the highest drawn, all rows that have
    it being equally likely to be picked.

    Parameters
    ----------
    scores, truth
        Finite columns of N rows.
    n
        1 to N.
    """
    groups, sizes = np.unique(scores, return_inverse=True, return_counts=True)[1:]
    mean_truth = np.bincount(groups, weights=truth) / sizes
    up_to = np.cumsum(sizes)
    below = np.exp(_log_binomial(up_to, n) - _log_binomial(up_to[-1], n))
    return float(np.diff(below, prepend=0.0) @ mean_truth)


def _log_binomial(total: np.ndarray, n: int) -> np.ndarray:
    """Logarithm of ``C(total, n)``, minus infinity where ``total < n``."""
    return gammaln(total + 1.0) - gammaln(n + 1.0) - gammaln(np.maximum(total - n, -1) + 1.0)


def best_of_n(scores: np.ndarray, truth: np.ndarray, sizes: Sequence[int]) -> dict[str, dict[str, float]]:
    """Expected accuracy and regret of picking the best of n by score, for every n of ``sizes``.

    A user draws n different architectures at random, scores them and takes the highest scored, one of
    the highest at random where several tie. An architecture without a score is taken only where no other
    was drawn.

    Parameters
    ----------
    scores
        (N,), NaN where there is no score.
    truth
        Accuracy, (N,), finite.
    sizes
        Those above N are left out.

    Returns
    -------
    dict
        By n as text, since JSON's keys are: ``accuracy`` (expected, in the truth's unit), ``regret``
        (highest of all N truths minus that), ``oracle`` (expected highest truth of the n, what no score can
        exceed) and ``random`` (mean of all truths, what a pick without scores has, whatever n).
    """
    ranked = np.where(np.isfinite(scores), scores, -np.inf)
    curve = {}
    for n in sizes:
        if n <= len(truth):
            accuracy = expected_highest(ranked, truth, n)
            curve[str(n)] = {
                "accuracy": accuracy,
                "regret": float(truth.max() - accuracy),
                "oracle": expected_highest(truth, truth, n),
                "random": float(truth.mean()),
            }
    return curve
