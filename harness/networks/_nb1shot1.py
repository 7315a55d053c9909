"""The supernet's cell of NAS-Bench-1Shot1.

Zela, Siems and Hutter, "NAS-Bench-1Shot1: Benchmarking and Dissecting One-shot Neural Architecture
Search", ICLR 2020; the DARTS model of the authors' repository, automl/nasbench-1shot1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from harness.networks._masking import Left, mix, weighted
from harness.networks._nb101 import conv_bn_relu, operation
from harness.networks._supernet import Choices
from harness.spaces._nb1shot1 import OPERATIONS, NB1Shot1


class MixedCell(nn.Module):
    """The supernet's cell under a mask: ``nodes`` says what is left of each one's parents, the output's last.

    A block mixes its operations over the weighted sum of its parents; the output concatenates the
    weighted projected input and all blocks, zeros in place of those that do not run.
    """

    def __init__(
        self,
        nodes: Sequence[Left],
        operations: dict[str, nn.Module],
        projections: dict[str, nn.Module],
    ) -> None:
        super().__init__()
        self.nodes = tuple(nodes)
        self.operations = nn.ModuleDict(operations)
        self.projections = nn.ModuleDict(projections)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, (blocks + 1) channels, H, W)``."""
        states: dict[int, torch.Tensor] = {}
        for v, node in enumerate(self.nodes[:-1], start=1):
            if str(v) in self.operations:
                parents = self._parents(v, inputs, states)
                kept = [parents[parent] for parent in node.candidates]
                removed = [parents[parent] for parent in node.removed]
                states[v] = self.operations[str(v)](node.combined(kept, removed))
        return self._concatenated(self._parents(len(self.nodes), inputs, states))

    def _parents(
        self, v: int, inputs: torch.Tensor, states: dict[int, torch.Tensor]
    ) -> dict[int, torch.Tensor]:
        """By number the states of node ``v``'s parents that run; its projection of the input is number 0."""
        node = self.nodes[v - 1]
        parents = {parent: states[parent] for parent in node.running if parent}
        if str(v) in self.projections:
            projected = node.removed_input(inputs) if 0 in node.removed else inputs
            parents[0] = self.projections[str(v)](projected)
        return parents

    def _concatenated(self, parents: dict[int, torch.Tensor]) -> torch.Tensor:
        output = self.nodes[-1]
        kept = output.each([parents[parent] for parent in output.candidates])
        running = dict(zip(output.candidates, kept, strict=True))
        running |= {parent: weighted(output.removed_weight, parents[parent]) for parent in output.removed}
        if len(running) < len(self.nodes):
            running = dict.fromkeys(range(len(self.nodes)), _zeros(parents)) | running
        return torch.cat([running[parent] for parent in range(len(self.nodes))], 1)


class CellChoices(Choices):
    """A cell with all operations of every block and all parents of every node."""

    def __init__(self, space: NB1Shot1, inputs: int, channels: int) -> None:
        super().__init__()
        self.space = space
        self.blocks = nn.ModuleList(
            nn.ModuleList(operation(name, channels) for name in OPERATIONS) for _ in range(space.blocks)
        )
        self.projections = nn.ModuleList(conv_bn_relu(inputs, channels, 1) for _ in range(space.blocks + 1))

    def masked(self, lefts: Sequence[Left]) -> MixedCell:
        """The cell of what runs, without blocks that nothing on a way to the output has for a parent."""
        blocks = self.space.blocks
        chosen = dict(zip(self.space.input_nodes, lefts[blocks:], strict=True))
        nodes = {v: chosen.get(v, Left(tuple(range(v)), 1.0)) for v in range(1, blocks + 2)}
        used = {blocks + 1}
        for v in range(blocks + 1, 0, -1):
            if v in used:
                used.update(nodes[v].running)
        return MixedCell(
            tuple(nodes.values()),
            {str(v): self._mixed(v, lefts[v - 1]) for v in range(1, blocks + 1) if v in used},
            {str(v): self.projections[v - 1] for v in nodes if v in used and 0 in nodes[v].running},
        )

    def _mixed(self, v: int, kept: Left) -> nn.Module:
        branches, removed = (
            [self.blocks[v - 1].get_submodule(str(index)) for index in candidates]
            for candidates in (kept.candidates, kept.removed)
        )
        return mix(kept, branches, removed)


def _zeros(states: dict[int, torch.Tensor]) -> torch.Tensor:
    """Zeros of the shape that all ``states`` have."""
    return torch.zeros_like(next(iter(states.values())))
