"""NAS-Bench-101's cell as a torch module.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
"""

from __future__ import annotations

import torch
from torch import nn

from harness.networks import _blocks
from harness.networks._blocks import add
from harness.spaces._nb101 import Cell as Graph

MOMENTUM = 0.003
"""TensorFlow's batch normalisation keeps 0.997 of its running statistics per step; PyTorch's ``momentum``
is the share of the new batch. Ports of the benchmark to PyTorch pass 0.997 all the same. It has no effect
on outputs in training mode, nor on those of a network in evaluation mode that was never trained."""


def conv_bn_relu(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution without bias that keeps the resolution, batch normalisation as in the benchmark, ReLU."""
    return _blocks.conv_bn_relu(inputs, outputs, kernel, momentum=MOMENTUM)


def operation(name: str, channels: int) -> nn.Module:
    """The module of operation ``name`` on ``channels`` channels; width and resolution are kept."""
    if name == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    return conv_bn_relu(channels, channels, 3 if name == "conv3x3-bn-relu" else 1)


def vertex_channels(graph: Graph, inputs: int, outputs: int) -> tuple[int, ...]:
    """Channels of every vertex of a cell with ``inputs`` and ``outputs`` channels.

    The output's parents share its channels evenly, the first ones taking one more each where that
    leaves a rest; every other inner vertex is as wide as the widest vertex it feeds.
    """
    last = len(graph.parents) - 1
    channels = [inputs] + [0] * (last - 1) + [outputs]
    concatenated = [v for v in graph.parents[last] if v]
    for position, v in enumerate(concatenated):
        channels[v] = outputs // len(concatenated) + (position < outputs % len(concatenated))
    for v in range(last - 1, 0, -1):
        if v not in concatenated:
            channels[v] = max(channels[w] for w in range(v + 1, last) if v in graph.parents[w])
    return tuple(channels)


class Cell(nn.Module):
    """A NAS-Bench-101 cell: a graph of operations from ``inputs`` to ``outputs`` channels.

    An inner vertex applies its operation to the sum of its parents, of which an inner one is cut
    to the vertex's channels (it has at most one too many) and the input goes through a projection
    of its own. The output concatenates its inner parents and adds the projected input where
    that is a parent too.
    """

    def __init__(self, graph: Graph, inputs: int, outputs: int) -> None:
        super().__init__()
        self.graph = graph
        self.channels = vertex_channels(graph, inputs, outputs)
        self.projections = nn.ModuleDict(
            {
                str(v): conv_bn_relu(inputs, self.channels[v], 1)
                for v, parents in enumerate(graph.parents)
                if 0 in parents
            }
        )
        self.operations = nn.ModuleDict(
            {str(v): operation(name, self.channels[v]) for v, name in enumerate(graph.operations, start=1)}
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H, W)``."""
        states = [inputs]
        last = len(self.graph.parents) - 1
        for v in range(1, last):
            terms = [self._cut(states[parent], parent, v) for parent in self.graph.parents[v] if parent]
            states.append(self.operations[str(v)](add(terms + self._projected(v, inputs))))
        concatenated = [states[v] for v in self.graph.parents[last] if v]
        terms = [torch.cat(concatenated, 1)] if concatenated else []
        return add(terms + self._projected(last, inputs))

    def _cut(self, state: torch.Tensor, parent: int, v: int) -> torch.Tensor:
        width = self.channels[v]
        return state if self.channels[parent] == width else torch.narrow(state, 1, 0, width)

    def _projected(self, v: int, inputs: torch.Tensor) -> list[torch.Tensor]:
        return [self.projections[str(v)](inputs)] if str(v) in self.projections else []


def cell_costs(graph: Graph, inputs: int, outputs: int) -> tuple[int, int]:
    """Weights of the convolutions of ``Cell(graph, inputs, outputs)``, and how many channels it normalises.

    Its parameters are the weights and two for every channel; its multiply-accumulates are the
    weights times the pixels.
    """
    channels = vertex_channels(graph, inputs, outputs)
    kernels = {"conv3x3-bn-relu": 9, "conv1x1-bn-relu": 1}
    projected = [channels[v] for v, parents in enumerate(graph.parents) if 0 in parents]
    convolved = [
        (channels[v], kernels[name]) for v, name in enumerate(graph.operations, start=1) if name in kernels
    ]
    weights = inputs * sum(projected) + sum(kernel * width**2 for width, kernel in convolved)
    return weights, sum(projected) + sum(width for width, _ in convolved)
