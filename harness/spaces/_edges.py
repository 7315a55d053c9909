"""Spaces of a cell of four nodes with an operation on every edge."""

from __future__ import annotations

from harness.spaces._diagram import Diagram, cell_of_edges
from harness.spaces._growth import by_decisions
from harness.spaces._space import Architecture, Space

EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
"""(node, its parent), in the order of the decisions."""

GROWTH = ((3,), (0, 4), (1, 5), (2,))
"""Decisions by stage: at each but the last one a further way leads from node 0 to node 3."""


class CellOfEdges(Space):
    """A decision for every edge, whose candidates, ``none`` among them, are the same for all."""

    identity_candidates = frozenset({"none", "skip_connect"})
    stages = 4

    def listing(self) -> tuple[Architecture, ...]:
        """Every architecture, in lexicographic order of the picks."""
        return tuple(self.encodings())

    def grown(self, arch: Architecture | None, stage: int) -> tuple[Architecture, ...]:
        """First 3<-0 alone, then also 1<-0 and 3<-1, then 2<-0 and 3<-2, then 2<-1; other edges are none."""
        return by_decisions(self, GROWTH, self.decisions[0].candidates.index("none"), arch, stage)

    def operations(self, arch: Architecture) -> tuple[str, ...]:
        """The name of every edge's operation."""
        return tuple(spec.candidates[pick] for spec, (pick,) in zip(self.decisions, arch, strict=True))

    def connected(self, arch: Architecture) -> bool:
        """Whether a chain of edges other than ``none`` leads from node 0 to node 3."""
        reached = {0}
        for (node, parent), operation in zip(EDGES, self.operations(arch), strict=True):
            if parent in reached and operation != "none":
                reached.add(node)
        return 3 in reached

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The cell, with an operation on each edge."""
        return (cell_of_edges(EDGES, self.operations(arch)),)
