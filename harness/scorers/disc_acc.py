"""disc-acc: the accuracy of the trained supernet with a decision made, after tuning it so.

By this "discretisation accuracy" Wang et al., "Rethinking Architecture Selection in Differentiable NAS",
ICLR 2021, section 3, say what an operation's strength should mean; Zero-Cost-PT compares scores with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scorers._score import ANY, Score
from harness.scorers._work import Work
from harness.spaces import Mask, only

if TYPE_CHECKING:
    from harness.training import Trained

EVIDENCE = "trained"
ASKS = {"training": "darts", "alphas": False}
KINDS = ANY


def score(trained: Trained, mask: Mask, decision: int) -> dict[int, Score]:
    """``acc(A + (e, o))`` in per cent for every candidate ``o`` left at decision ``e``.

    ``A + (e, o)`` is the supernet that ``mask`` leaves with ``o`` alone at ``e``, fine-tuned, each
    candidate's from the same weights; ``acc`` is its accuracy on the whole validation half.
    """
    before = trained.state()
    scores: dict[int, Score] = {}
    for candidate, alive in enumerate(mask[decision]):
        if alive:
            made = only(mask, decision, (candidate,))
            trained.fine_tune(made)
            scores[candidate] = Score(trained.accuracy(made))
            trained.restore(before)
    return scores


def advance(trained: Trained, mask: Mask) -> None:
    """Tune the supernet that the decisions so far leave."""
    trained.fine_tune(mask)


def work(mask: Mask, decision: int) -> Work:
    """One fine-tuning and one accuracy per candidate."""
    return Work(sum(mask[decision]), sum(mask[decision]))
