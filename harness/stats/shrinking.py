"""What a smaller search space has left, and the operations that a score would drop first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.stats.rank_correlation import undefined_reason
from harness.stats.top_ranked import rank_of, top_part

TOP = 100
"""One part in so many of the architectures counts as the top: the best 1 %."""


TIED = 1e-9
"""Points of accuracy."""


def left(truth: np.ndarray, kept: np.ndarray) -> dict[str, float | None]:
    """What is left of a space's architectures.

    Parameters
    ----------
    truth
        Accuracy of every architecture, (n,); one that is not finite is not known, and does not count.
    kept
        Which of them are left, (n,).

    Returns
    -------
    dict
        ``architectures``: how many are left; ``best`` and ``mean`` of their accuracy, ``None`` where none is;
        ``top``: which share of the best 1 % is left (:func:`harness.stats.top_ranked.top_part`), and
        ``top_10``: which share of the ten best, of all that ties with the tenth; ``None`` where nothing is
        known.
    """
    truth = np.asarray(truth, dtype=np.float64)
    known = np.isfinite(truth)
    truth, kept = truth[known], np.asarray(kept, dtype=bool)[known]
    those, top, ten = truth[kept], top_part(truth, TOP), _highest(truth, 10)
    return {
        "architectures": len(those),
        "best": float(those.max()) if len(those) else None,
        "mean": float(those.mean()) if len(those) else None,
        "top": float(kept[top].mean()) if top.any() else None,
        "top_10": float(kept[ten].mean()) if ten.any() else None,
    }


def _highest(values: np.ndarray, count: int) -> np.ndarray:
    """Mask of the ``count`` highest of finite ``values`` (n,), with all that ties with the last of them."""
    if not len(values):
        return np.zeros(0, dtype=bool)
    return values >= np.sort(values)[-min(count, len(values))]


def ranks_of_candidates(means: np.ndarray) -> np.ndarray:
    """True ranks of candidates among all of a space's, 1 the best; float64 (n,).

    ``rank = 1 + #{c : mean(c) > mean}`` by the mean accuracy ``means`` (n,) of the architectures that contain
    the candidate; NaN, and not counted, where none is known that does. Means that differ by less than
    :data:`TIED` are of the same accuracies, added in another order, and equal.
    """
    known = np.isfinite(means)
    counted = np.where(known, means, -np.inf)
    higher = (counted[None, :] > counted[:, None] + TIED).sum(axis=1)
    return np.where(known, 1.0 + higher, np.nan)


@dataclass(frozen=True)
class Dropped:
    """Candidates dropped from a space.

    Attributes
    ----------
    rows
        Their rows, in the order in which they were dropped.
    ranks
        Their true ranks among all candidates, 1 the best.
    mean_rank
        Mean of ``ranks``: the higher, the better the score; what is dropped at random has ``(n + 1) / 2``.
    ideal_mean_rank
        The same for the truth as a score.
    kept_top, top
        How many of the ``top`` truly best candidates are left, as many as are left in all.
    reason
        ``None``, or why nothing was dropped; the numbers are then ``None`` or 0.
    """

    rows: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()
    mean_rank: float | None = None
    ideal_mean_rank: float | None = None
    kept_top: int | None = None
    top: int = 0
    reason: str | None = None


def dropped_first(scores: np.ndarray, truth: np.ndarray, decisions: np.ndarray, drop: int) -> Dropped:
    """Drop the ``drop`` lowest scored candidates of a space, leaving each decision at least one.

    Scores are compared across decisions. A decision's last candidate is passed over; candidates with equal
    scores are dropped in the order of their rows.

    Source: Hu et al., Angle-based search space shrinking for neural architecture search, ECCV 2020, section
    4.2, and their released code.

    Parameters
    ----------
    scores
        By candidate, higher is better, (n,).
    truth
        Mean accuracy of the architectures that contain the candidate, (n,).
    decisions
        Which decision each candidate belongs to, (n,).
    drop
        20 of 30 in the evaluation of NAS-Bench-201.
    """
    scores, truth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    decisions = np.asarray(decisions)
    why = _undroppable(scores, truth, decisions, drop)
    if why is not None:
        return Dropped(reason=why)
    rows, ideal = _lowest(scores, decisions, drop), _lowest(truth, decisions, drop)
    ranks = np.array([rank_of(value, truth) for value in truth])
    top = len(scores) - drop
    left = np.delete(np.arange(len(scores)), rows)
    return Dropped(
        rows=tuple(rows),
        ranks=tuple(map(int, ranks[rows])),
        mean_rank=float(ranks[rows].mean()),
        ideal_mean_rank=float(ranks[ideal].mean()),
        kept_top=int((ranks[left] <= top).sum()),
        top=top,
    )


def _undroppable(scores: np.ndarray, truth: np.ndarray, decisions: np.ndarray, drop: int) -> str | None:
    unknown = int((~np.isfinite(scores) | ~np.isfinite(truth)).sum())
    if unknown:
        return f"{unknown} of {len(scores)} candidates have no score or no true value"
    most = len(scores) - len(np.unique(decisions))
    if not 1 <= drop <= most:
        return f"1 to {most} candidates can be dropped with one left per decision, not {drop}"
    return undefined_reason(scores, truth)


def _lowest(scores: np.ndarray, decisions: np.ndarray, drop: int) -> list[int]:
    names, counts = np.unique(decisions, return_counts=True)
    left = dict(zip(names.tolist(), counts.tolist(), strict=True))
    rows: list[int] = []
    for row in np.argsort(scores, kind="stable").tolist():
        decision = decisions[row].item()
        if len(rows) < drop and left[decision] > 1:
            left[decision] -= 1
            rows.append(row)
    return rows
