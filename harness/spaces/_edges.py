"""Spaces of a cell of four nodes with an operation on every edge."""

from __future__ import annotations

import numpy as np

from harness.spaces._diagram import Diagram, cell_of_edges
from harness.spaces._growth import by_decisions
from harness.spaces._space import Architecture, Mask, Space

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

    def path(self, mask: Mask, rng: np.random.Generator) -> Mask:
        """Every edge's operation uniform; a node whose edges all are ``none`` is drawn again where it can."""
        none = self.decisions[0].candidates.index("none")
        found: list[int] = []
        for node in (1, 2, 3):
            rows = [row for row, (target, _) in zip(mask, EDGES, strict=True) if target == node]
            left = [np.flatnonzero(row) for row in rows]
            picks = [none]
            while set(picks) == {none}:
                picks = [int(rng.choice(each)) for each in left]
                if all(each.tolist() == [none] for each in left):
                    break
            found.extend(picks)
        return self.mask_of(tuple((pick,) for pick in found))

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The cell, with an operation on each edge."""
        return (cell_of_edges(EDGES, self.operations(arch)),)
