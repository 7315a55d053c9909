"""One proposal, where nothing else of a search is asked for."""

from __future__ import annotations

from harness.searchers._orders import decide_all
from harness.searchers._proposal import Proposal, ScoreDecision
from harness.searchers._tools import Proxy
from harness.spaces import Architecture


def propose(tools: Proxy, score: ScoreDecision, index: int, order: str = "random") -> Architecture:
    """The architecture that remains when every decision is made from ``score``, in ``order``.

    ``index`` numbers proposals: each has a random order of its own. ``order`` is a name of
    ``harness.searchers._orders.ORDERS``.

    Raises
    ------
    HarnessError
        Where fewer candidates of a decision have a score than it picks.
    """
    proposal = Proposal(tools, score, index, index + 1, 0)
    decide_all(proposal, order)
    return tools.space.normalise(tools.space.arch_of(proposal.mask))
