"""Cells of four nodes with an operation on every edge: of NAS-Bench-201 and TransNAS-Bench-101 alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import nn

from harness.networks._blocks import add
from harness.networks._masking import Left, mix
from harness.networks._partial import partial_channels
from harness.networks._supernet import Choices
from harness.spaces._edges import EDGES


class EdgeCell(nn.Module):
    """Four nodes, node 0 the input; a node is the sum of its edges, and node 3 the output.

    ``edges`` maps a decision's name (``"2<-1"``) to the edge's module. An edge that is not there is
    ``none``; a node without any edge is :meth:`zeros`.
    """

    def __init__(self, edges: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.edges = nn.ModuleDict(edges)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to what the edges make of it."""
        states = [inputs]
        for node in (1, 2, 3):
            names = [f"{node}<-{parent}" for parent in range(node)]
            terms = [
                self.edges[name](state)
                for name, state in zip(names, states, strict=True)
                if name in self.edges
            ]
            states.append(add(terms) if terms else self.zeros(inputs))
        return states[-1]

    def zeros(self, inputs: torch.Tensor) -> torch.Tensor:
        """Zeros made of the input, as in the authors' code, so that gradients reach it and are zero."""
        return inputs * 0.0


class EdgeChoices(Choices):
    """A cell with all candidates on every edge.

    Parameters
    ----------
    operations
        Names of the candidates; of them ``none`` has no module.
    make
        ``(operation, parent) -> module`` on an edge from node ``parent``.
    sampling
        One in so many channels goes through an edge's operations.
    """

    def __init__(
        self, operations: Sequence[str], make: Callable[[str, int], nn.Module], sampling: int = 1
    ) -> None:
        super().__init__()
        self.sampling = sampling
        self.operations = tuple(operations)
        self.with_modules = [index for index, name in enumerate(operations) if name != "none"]
        self.edges = nn.ModuleDict(
            {
                f"{node}<-{parent}": nn.ModuleDict(
                    {operations[index]: make(operations[index], parent) for index in self.with_modules}
                )
                for node, parent in EDGES
            }
        )

    def cell(self, edges: Mapping[str, nn.Module]) -> EdgeCell:
        """The cell of these edges."""
        return EdgeCell(edges)

    def masked(self, lefts: Sequence[Left]) -> EdgeCell:
        """A cell; an edge on which nothing but ``none`` runs is not there."""
        edges = {}
        for (name, operations), left in zip(self.edges.items(), lefts, strict=True):
            modules = cast(nn.ModuleDict, operations)
            kept = left.among(self.with_modules)
            branches, removed = (
                [modules[self.operations[index]] for index in candidates]
                for candidates in (kept.candidates, kept.removed)
            )
            if branches or removed:
                edges[name] = partial_channels(mix(kept, branches, removed), self.sampling)
        return self.cell(edges)
