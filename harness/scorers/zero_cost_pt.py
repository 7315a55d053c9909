"""Zero-Cost-PT: how much the proxy of the supernet drops when a candidate is removed.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.scorers._score import ANY, Evaluate, Score
from harness.spaces import Mask, without

EVIDENCE = "proxy"
KINDS = ANY


def score(evaluate: Evaluate, mask: Mask, decision: int) -> dict[int, Score]:
    r"""``S(A) - S(A \ (e, o))`` for every candidate ``o`` left at decision ``e``.

    ``A`` is the supernet that ``mask`` leaves and ``S`` the proxy. The paper takes the candidate
    whose removal lowers ``S`` most; the difference orders candidates in the same way
    and reads as a drop.
    """
    removals = _removals(mask, decision)
    whole, *removed = evaluate([mask, *removals.values()])
    return {candidate: _drop(whole, score) for candidate, score in zip(removals, removed, strict=True)}


def preference(evaluate: Evaluate, mask: Mask, decision: int) -> dict[int, Score]:
    r"""``-S(A \ (e, o))``: the score less ``S(A)``, which is the same for all candidates on one batch.

    It orders them, also those of several decisions, as :func:`score` does and needs one measurement less.
    """
    return preferences(evaluate, mask, [decision])[decision]


def preferences(evaluate: Evaluate, mask: Mask, decisions: Iterable[int]) -> dict[int, dict[int, Score]]:
    """:func:`preference` of every one of ``decisions``; all are measured together."""
    removals = {decision: _removals(mask, decision) for decision in decisions}
    removed = iter(evaluate([each for masks in removals.values() for each in masks.values()]))
    return {
        decision: {each: _negated(next(removed)) for each in masks} for decision, masks in removals.items()
    }


def _negated(score: Score) -> Score:
    return score if score.value is None else Score(-score.value)


def _removals(mask: Mask, decision: int) -> dict[int, Mask]:
    """For every candidate left at ``decision`` the mask without it."""
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    return {candidate: without(mask, decision, candidate) for candidate in left}


def _drop(whole: Score, removed: Score) -> Score:
    if whole.value is None:
        return whole
    if removed.value is None:
        return removed
    return Score(whole.value - removed.value)
