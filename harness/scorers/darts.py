"""DARTS: the architecture parameters of the trained supernet.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scorers._score import ANY, Score
from harness.scorers._work import Work
from harness.spaces import Mask

if TYPE_CHECKING:
    from torch import Tensor

    from harness.training import Trained

EVIDENCE = "trained"
ASKS = {"training": "darts", "alphas": True}
KINDS = ANY


NEVER_KEPT = Score(None, "skipped", "no architecture keeps this candidate")


def score(trained: Trained, mask: Mask, decision: int) -> dict[int, Score]:
    """``alpha`` of every candidate left at ``decision``; its softmax is the candidate's weight.

    Candidates that no architecture keeps, such as ``none`` in DARTS's space, have no score. Where an input
    feeds an edge with operations of its own, as there, it has no parameter, and its score is the largest
    weight ``softmax(alpha)`` of the operations on that edge that can be kept.
    """
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    feeding = trained.space.feeding(decision)
    if feeding is not None:
        return {candidate: _strongest(trained, mask, feeding[candidate]) for candidate in left}
    return {
        candidate: _score(trained, decision, candidate, trained.alphas[decision].detach())
        for candidate in left
    }


def _score(trained: Trained, decision: int, candidate: int, values: Tensor) -> Score:
    name = trained.space.decisions[decision].candidates[candidate]
    return NEVER_KEPT if name in trained.space.never_kept else Score(float(values[candidate]))


def _strongest(trained: Trained, mask: Mask, edge: int) -> Score:
    shares = trained.alphas[edge].detach().softmax(0)
    found = [_score(trained, edge, operation, shares) for operation, alive in enumerate(mask[edge]) if alive]
    values = [each.value for each in found if each.value is not None]
    return Score(max(values)) if values else NEVER_KEPT


def advance(trained: Trained, mask: Mask) -> None:
    """Nothing: all decisions are read off the parameters at the end of training."""


def work(mask: Mask, decision: int) -> Work:
    """Nothing but training."""
    return Work(0, 0)
