"""The supernet's cell of NAS-Bench-1Shot1.

Zela, Siems and Hutter, "NAS-Bench-1Shot1: Benchmarking and Dissecting One-shot Neural Architecture
Search", ICLR 2020; the DARTS model of the authors' repository, automl/nasbench-1shot1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from harness.networks._blocks import add
from harness.networks._nb101 import conv_bn_relu, operation
from harness.networks._supernet import Choices, Left, mix
from harness.spaces._nb1shot1 import OPERATIONS, NB1Shot1


@dataclass(frozen=True)
class Node:
    """What is left of a node of the supernet's cell: its parents, and the weight of each."""

    parents: tuple[int, ...]
    weight: float


class MixedCell(nn.Module):
    """The supernet's cell under a mask: ``nodes`` from the first block to the output.

    A block mixes its operations over the weighted sum of its parents; the output concatenates the
    weighted projected input and all blocks, zeros in place of those that are not its parents.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        operations: dict[str, nn.Module],
        projections: dict[str, nn.Module],
        channels: int,
    ) -> None:
        super().__init__()
        self.nodes = tuple(nodes)
        self.operations = nn.ModuleDict(operations)
        self.projections = nn.ModuleDict(projections)
        self.channels = channels

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, (blocks + 1) channels, H, W)``."""
        states: dict[int, torch.Tensor] = {}
        output = len(self.nodes)
        for v, node in enumerate(self.nodes, start=1):
            if str(v) in self.operations:
                summed = add([self._state(parent, v, inputs, states) for parent in node.parents])
                states[v] = self.operations[str(v)](_weighted(node.weight, summed))
        node = self.nodes[-1]
        zeros = inputs.new_zeros(len(inputs), self.channels, *inputs.shape[2:])
        parts = [
            _weighted(node.weight, self._state(parent, output, inputs, states))
            if parent in node.parents
            else zeros
            for parent in range(output)
        ]
        return torch.cat(parts, 1)

    def _state(
        self, parent: int, v: int, inputs: torch.Tensor, states: dict[int, torch.Tensor]
    ) -> torch.Tensor:
        return states[parent] if parent else self.projections[str(v)](inputs)


class CellChoices(Choices):
    """A cell with all operations of every block and all parents of every node."""

    def __init__(self, space: NB1Shot1, inputs: int, channels: int) -> None:
        super().__init__()
        self.space = space
        self.channels = channels
        self.blocks = nn.ModuleList(
            nn.ModuleList(operation(name, channels) for name in OPERATIONS) for _ in range(space.blocks)
        )
        self.projections = nn.ModuleList(conv_bn_relu(inputs, channels, 1) for _ in range(space.blocks + 1))

    def masked(self, lefts: Sequence[Left]) -> MixedCell:
        """The cell of what is left, without blocks that nothing on a way to the output has for a parent."""
        blocks = self.space.blocks
        chosen = dict(zip(self.space.input_nodes, lefts[blocks:], strict=True))
        nodes = [
            Node(chosen[v].candidates, chosen[v].weight) if v in chosen else Node(tuple(range(v)), 1.0)
            for v in range(1, blocks + 2)
        ]
        used = {blocks + 1}
        for v in range(blocks + 1, 0, -1):
            if v in used:
                used.update(nodes[v - 1].parents)
        return MixedCell(
            nodes,
            {str(v): self._mixed(v, lefts[v - 1]) for v in range(1, blocks + 1) if v in used},
            {
                str(v): self.projections[v - 1]
                for v in range(1, blocks + 2)
                if v in used and 0 in nodes[v - 1].parents
            },
            self.channels,
        )

    def _mixed(self, v: int, kept: Left) -> nn.Module:
        return mix([self.blocks[v - 1][index] for index in kept.candidates], kept.weight)


def _weighted(weight: float, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if weight == 1 else weight * tensor
