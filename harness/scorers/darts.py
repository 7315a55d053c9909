"""DARTS: the architecture parameters of the trained supernet.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scorers._score import ANY, Score
from harness.scorers._work import Work
from harness.spaces import Mask

if TYPE_CHECKING:
    from harness.training import Trained

EVIDENCE = "trained"
ASKS = {"training": "darts", "alphas": True}
KINDS = ANY


def score(trained: Trained, mask: Mask, decision: int) -> dict[int, Score]:
    """``alpha`` of every candidate left at ``decision``; its softmax is the candidate's weight."""
    values = trained.alphas[decision].tolist()
    return {candidate: Score(values[candidate]) for candidate, alive in enumerate(mask[decision]) if alive}


def advance(trained: Trained, mask: Mask) -> None:
    """Nothing: all decisions are read off the parameters at the end of training."""


def work(mask: Mask, decision: int) -> Work:
    """Nothing but training."""
    return Work(0, 0)
