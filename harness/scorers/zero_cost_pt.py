"""Zero-Cost-PT: how much the proxy of the supernet drops when a candidate is removed.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023.
"""

from __future__ import annotations

from harness.scorers._score import Evaluate, Score
from harness.spaces import Mask, without

READS = "proxy"


def score(evaluate: Evaluate, mask: Mask, decision: int) -> dict[int, Score]:
    r"""``S(A) - S(A \ (e, o))`` for every candidate ``o`` left at decision ``e``.

    ``A`` is the supernet that ``mask`` leaves and ``S`` the proxy. The paper takes the candidate
    whose removal lowers ``S`` most; the difference orders candidates in the same way
    and reads as a drop.
    """
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    whole, *removed = evaluate([mask, *(without(mask, decision, candidate) for candidate in left)])
    return {candidate: _drop(whole, score) for candidate, score in zip(left, removed, strict=True)}


def _drop(whole: Score, removed: Score) -> Score:
    if whole.value is None:
        return whole
    if removed.value is None:
        return removed
    return Score(whole.value - removed.value)
