"""How Zero-Cost-PT's released code makes a proposal in the DARTS space (``sota/cnn/init_projection.py``).

Where it does otherwise than the paper's orders (:mod:`harness.searchers._orders`):

* normal and reduction cell go side by side: a batch serves one decision of the normal cell and then, with it
  made, one of the reduction cell. A proposal takes 17 batches, 14 for operations and 3 for inputs;
* each cell has a random order of its own;
* every order but ``random`` and ``reverse`` makes operations from the first edge to the last, also ``*_once``
  and ``global_edge_iter``, and takes the nodes' inputs in a random order;
* ``global_op_iter`` fails: the call lacks an argument. It is refused here.

Inputs are found as in the paper. One after the other the edge is deleted whose removal alone leaves the
highest score, of equal ones the last; those deleted before are on again meanwhile, so that all deletions
of a node rest on the same scores, and the kept edges are those with the lowest, of equal ones the first.
"""

from __future__ import annotations

from harness.errors import ConfigError
from harness.searchers._proposal import Proposal

FAILING = ("global_op_iter",)
"""Orders in which the released code fails."""


def require_order(order: str) -> None:
    """Raise :class:`~harness.errors.ConfigError` for an order in which the released code fails."""
    if order in FAILING:
        raise ConfigError(
            f"variant=as_released has no order={order} in the DARTS spaces, where the released code fails on "
            "it; use another order, or variant=paper."
        )


def decide_all(proposal: Proposal, order: str) -> None:
    """Make every decision of ``proposal`` as the released code does in ``order``.

    Raises
    ------
    ConfigError
        For an order in which it fails.
    HarnessError
        Where fewer candidates of a decision have a score than it picks.
    """
    require_order(order)
    for kind in ("operation", "input"):
        decisions = proposal.decisions(kind)
        half = len(decisions) // 2  # the normal cell's stand before the reduction cell's
        cells = [_ordered(proposal, cell, kind, order) for cell in (decisions[:half], decisions[half:])]
        for normal, reduction in zip(*cells, strict=True):
            proposal.decide(normal)
            proposal.decide(reduction, fresh=False)


def _ordered(proposal: Proposal, decisions: list[int], kind: str, order: str) -> list[int]:
    if order == "reverse":
        return decisions[::-1]
    return proposal.shuffled(decisions) if order == "random" or kind == "input" else decisions
