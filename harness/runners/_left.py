"""What the steps of a shrinker leave and drop, judged against the truth of the whole space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness import stats
from harness.scorers import OperationTruth
from harness.spaces import Mask, Space


def judged(
    space: Space, truth: OperationTruth, steps: Sequence[Mask], paid: Sequence[Mapping[str, int]]
) -> Iterator[dict[str, object]]:
    """The row of every step; the whole space is step 0.

    Parameters
    ----------
    space, truth
        What was shrunk, and accuracy by operation in it under the run's label.
    steps, paid
        Masks, and what was paid until then (:meth:`harness.evidence.Evidence.spent`).
    """
    names = [(decision.name, each) for decision in space.decisions for each in decision.candidates]
    ranks = stats.ranks_of_candidates(np.concatenate(truth.mean(space.full_mask)))
    best = [_tied_best(values) for values in truth.best(space.full_mask)]
    before = _flat(space.full_mask)
    for step, (mask, cost) in enumerate(zip(steps, paid, strict=True)):
        alive = _flat(mask)
        left = stats.left(truth.accuracies, truth.left(mask))
        gone = ranks[~alive & np.isfinite(ranks)]
        yield {
            "step": step,
            "candidates": int(alive.sum()),
            **{name: np.nan if value is None else value for name, value in left.items()},
            "best_candidates": sum(
                bool(tied & row) for tied, row in zip(best, map(_numbers, mask), strict=True)
            ),
            "dropped_rank": float(gone.mean()) if len(gone) else np.nan,
            **cost,
            "dropped": "; ".join(_words(*names[row], ranks[row]) for row in np.flatnonzero(before & ~alive)),
            "mask": " ".join("".join(str(int(each)) for each in row) for row in mask),
            "status": "ok" if left["architectures"] else "unknown",
            "reason": None if left["architectures"] else "no architecture whose truth is known is left",
        }
        before = alive


def _tied_best(values: np.ndarray) -> set[int]:
    """The candidates of a decision that the best known architecture may contain."""
    known = np.isfinite(values)
    return set(np.flatnonzero(known & (values == values[known].max())).tolist()) if known.any() else set()


def _numbers(row: Sequence[bool]) -> set[int]:
    return {candidate for candidate, alive in enumerate(row) if alive}


def _words(decision: str, candidate: str, rank: float) -> str:
    return f"{decision} {candidate} (rank {rank:.0f})" if np.isfinite(rank) else f"{decision} {candidate}"


def _flat(mask: Mask) -> np.ndarray:
    return np.concatenate([np.asarray(row, dtype=bool) for row in mask])
