"""DARTS-PT: how much the accuracy of the trained supernet drops when a candidate is removed.

Wang et al., "Rethinking Architecture Selection in Differentiable NAS", ICLR 2021, algorithm 1. With
``training=fixed_alphas`` it is the paper's section 5, where architecture parameters are not learnt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scorers._score import ANY, Score
from harness.scorers._work import Work
from harness.spaces import Mask, without

if TYPE_CHECKING:
    from harness.training import Trained

EVIDENCE = "trained"
ASKS = {"training": "darts", "alphas": False}
KINDS = ANY


def score(trained: Trained, mask: Mask, decision: int) -> dict[int, Score]:
    r"""``acc(A) - acc(A \ (e, o))`` in percentage points for every candidate ``o`` left at decision ``e``.

    ``A`` is the supernet that ``mask`` leaves, ``acc`` its accuracy on the whole validation half, by the
    statistics of each batch. The other candidates keep the weights they have.
    """
    whole = trained.accuracy(mask)
    return {
        candidate: Score(whole - trained.accuracy(without(mask, decision, candidate)))
        for candidate, alive in enumerate(mask[decision])
        if alive
    }


def advance(trained: Trained, mask: Mask) -> None:
    """Tune the supernet that the decisions so far leave."""
    trained.fine_tune(mask)


def work(mask: Mask, decision: int) -> Work:
    """One accuracy per candidate."""
    return Work(sum(mask[decision]), 0)
