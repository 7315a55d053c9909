"""What picking the highest scored of n architectures drawn at random is worth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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

    Returns
    -------
    float
        NaN where a score or a truth is not finite.
    """
    if not (np.isfinite(scores).all() and np.isfinite(truth).all()):
        return float("nan")
    return _expected(*_by_score(scores, truth), n)


def _by_score(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean truth at every different score, ascending, and how many rows score that or less."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    up_to = np.append(starts[1:], len(scores))
    return np.add.reduceat(truth[order], starts) / (up_to - starts), up_to


def _expected(mean_truth: np.ndarray, up_to: np.ndarray, n: int) -> float:
    below = _all_within(int(up_to[-1]), n)[up_to]
    below[1:] -= below[:-1].copy()
    return float(below @ mean_truth)


@lru_cache(maxsize=64)
def _all_within(total: int, n: int) -> np.ndarray:
    """For k = 0, ..., ``total`` the probability that ``n`` of ``total`` rows are all among ``k`` of them."""
    k = np.arange(total + 1.0)
    logarithms = gammaln(k + 1) - gammaln(
        np.maximum(k - n, -1) + 1
    )  # of C(k, n) n!, minus infinity for k < n
    return np.exp(logarithms - logarithms[-1])


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
        exceed) and ``random`` (mean of all truths, what a pick without scores has, whatever n). Empty where a
        truth is not finite.
    """
    ranked = np.where(np.isfinite(scores), scores, -np.inf)
    drawn = [n for n in sizes if n <= len(truth)]
    if not drawn or not np.isfinite(truth).all():
        return {}
    by_score, by_truth = _by_score(ranked, truth), _by_score(truth, truth)
    highest, mean = float(truth.max()), float(truth.mean())
    curve = {}
    for n in drawn:
        accuracy = _expected(*by_score, n)
        oracle = _expected(*by_truth, n)
        curve[str(n)] = {
            "accuracy": accuracy, "regret": highest - accuracy, "oracle": oracle, "random": mean,
        }  # fmt: skip
    return curve
