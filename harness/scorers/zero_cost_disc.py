"""Discretisation by proxy: the proxy of the supernet when a decision keeps one candidate only.

"disc-zc" in Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023.
"""

from __future__ import annotations

from harness.scorers._score import ANY, Evaluate, Score
from harness.spaces import Mask, only

EVIDENCE = "proxy"
KINDS = ANY


def score(evaluate: Evaluate, mask: Mask, decision: int) -> dict[int, Score]:
    """``S(A + (e, o))`` for every candidate ``o`` left at decision ``e``: the others are removed."""
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    scores = evaluate([only(mask, decision, (candidate,)) for candidate in left])
    return dict(zip(left, scores, strict=True))
