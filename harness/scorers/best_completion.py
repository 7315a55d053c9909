"""An operation by the proxy of the best architecture that contains it, as far as one supernet can tell.

A score of this project's own. Accuracy by operation is that of the best architecture with the operation;
Zero-Cost-PT's score is of a supernet in which everything else is undecided. This one lies between: what else
the architecture consists of is what Zero-Cost-PT's scores prefer, and the proxy is that of the one path left.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.scorers import zero_cost_pt
from harness.scorers._score import ANY, Evaluate, Score, best_candidates
from harness.spaces import Mask, Space, only

EVIDENCE = "proxy"
ASKS = {"space": True}
KINDS = ANY


def score(evaluate: Evaluate, mask: Mask, decision: int, space: Space) -> dict[int, Score]:
    r"""``S(A*(e, o))`` for every candidate ``o`` left at decision ``e`` of ``space``.

    ``S`` is the proxy and ``A*(e, o)`` the supernet in which every decision is made: ``e`` picks ``o``, and
    all else is picked by Zero-Cost-PT's scores of the supernet that ``mask`` leaves: the candidates whose
    removal lowers ``S`` most. Scores of several decisions on one batch share these removals.

    A candidate has the status of the path that is left with it.

    Raises
    ------
    RunFailed
        Where another decision has too few candidates with a score to be made.
    """
    unmade = [
        number
        for number, (spec, row) in enumerate(zip(space.decisions, mask, strict=True))
        if sum(row) > spec.picks
    ]
    preferred = zero_cost_pt.preferences(evaluate, mask, unmade)
    path = mask
    for number in unmade:
        if number != decision:
            path = only(path, number, best_candidates(preferred[number], space.decisions[number].picks))
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    more = space.decisions[decision].picks - 1
    paths = [
        only(path, decision, (candidate, *_best(preferred.get(decision, {}), more, candidate)))
        for candidate in left
    ]
    return dict(zip(left, evaluate(paths), strict=True))


def _best(scores: Mapping[int, Score], picks: int, without: int) -> tuple[int, ...]:
    """The ``picks`` best candidates beside one."""
    return best_candidates({each: score for each, score in scores.items() if each != without}, picks)
