"""The two variants of Zero-Cost-PT: as the paper has it, and as its released code runs.

``as_released`` follows zerocostptnas/zerocost_operation_score at commit 48f48c9 where that decides otherwise
than the paper says. Scores of operations and of architectures follow it in the first two points, searches in
all:

* both ``*_once`` orders: the ranking is stored but never sorted, and decisions are taken from its end
  (``nasbench201/init_projection.py``, l. 174-295), which is the order ``reverse``;
* NASWOT counts ReLU codes at the input of every module whose type name holds "ReLU", so at those of
  ``ReLUConvBN`` blocks beside the ReLUs' in them (``op_score.py``, ``Scorers/scorer.py``): 184 blocks beside
  185 ReLUs in the supernet of NAS-Bench-201. A block's input is what it is handed, also where it is removed
  and its ReLU runs on zeros (:mod:`harness.released`, ``RELEASED_COUNTING`` of the family's networks);
* a removed candidate still runs (``RELEASED_MASKING``);
* in some families of spaces, :data:`FAMILIES`, the picked operations are written down in the order in which
  their decisions were made, so that the proposal is a permutation of what was chosen;
* in the DARTS spaces a proposal is made in a way of its own: :mod:`harness.searchers._released_darts`.

Not reproduced: the parent counts of NAS-Bench-1Shot1's spaces 2 and 3, which are looked up by a shuffled
position (l. 259) and give cells outside these spaces; shuffles that no seed decides; that every proxy but
NASWOT is sent to another search; and that a score which is not a number ends a comparison.
"""

from __future__ import annotations

from harness.errors import ConfigError
from harness.searchers import _released_darts
from harness.searchers._orders import decide_all
from harness.searchers._proposal import Proposal
from harness.spaces import Architecture, Space

VARIANTS = ("paper", "as_released")

RELEASED_ORDERS = {"global_op_once": "reverse", "global_edge_once": "reverse"}
"""What the released code makes of an order, the DARTS spaces aside; it keeps the others."""

FAMILIES = {
    "nb201": False,  # nasbench201/init_projection.py
    "nbmacro": True,  # nasbench_macro/network_proposal.py, l. 109-129
    "nb1shot1": True,  # nasbench1shot1/optimizers/darts/networks_proposal.py, l. 169-188
    "darts": False,  # sota/cnn/init_projection.py
    "mobilenet": False,  # mobilenet_search_space/train_supernet/networks_proposal.py
}
"""By family of spaces whether the released code permutes operations."""


def require_released(space: Space, order: str | None = None) -> None:
    """Make sure that there is released code for ``space``, which does not fail in ``order``.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    if space.family not in FAMILIES:
        raise ConfigError(
            "variant=as_released needs a space that the authors of Zero-Cost-PT released code for, of the "
            f"families {', '.join(sorted(FAMILIES))}; received {space.name} of the family {space.family}: "
            "use variant=paper."
        )
    if space.family == "darts" and order is not None:
        _released_darts.require_order(order)


def released_architecture(space: Space, proposal: Proposal, order: str) -> Architecture:
    """Make all decisions of ``proposal`` and write them down as the released code for ``space`` does."""
    require_released(space, order)
    if space.family == "darts":
        _released_darts.decide_all(proposal, order)
    else:
        decide_all(proposal, RELEASED_ORDERS.get(order, order))
    arch = space.arch_of(proposal.mask)
    return space.normalise(permuted(space, arch, proposal.visited) if FAMILIES[space.family] else arch)


def permuted(space: Space, arch: Architecture, visited: list[int]) -> Architecture:
    """``arch`` with the k-th operation replaced by that of the k-th operation decision in ``visited``."""
    operations = [decision for decision in visited if space.decisions[decision].kind == "operation"]
    written = list(arch)
    for place, decision in zip(sorted(operations), operations, strict=True):
        written[place] = arch[decision]
    return tuple(written)
