"""NATS-Bench's networks of its size space.

Dong, Liu, Musial and Gabrys, "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and
Size", IEEE TPAMI 2021; the shapes are those of the authors' ``DynamicShapeTinyNet``. A 3x3 stem, three cells
with a residual block of stride 2 before the second and the third, then batch normalisation, ReLU, the mean
over all pixels and a linear layer. All cells are one, of five 3x3 convolutions and a skip connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from harness.families.nats_sss import FIDELITIES, Size
from harness.networks._blocks import Conv2d, Network, ReLUConvBN, classifier
from harness.networks._edges import EdgeCell
from harness.spaces import Architecture
from harness.spaces.nats_sss import NatsSizes

INIT = "pytorch"
"""The authors' model class leaves PyTorch's default initialisation."""

EDGES = ("1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2")
SKIP = "3<-0"
"""The cell's only edge that is no 3x3 convolution; where the width changes it is a 1x1 one, normalised."""
REDUCING = (1, 3)
"""Layers that are a residual block of stride 2."""


@dataclass(frozen=True)
class Layer:
    """One layer: channels in and out, and whether it halves the resolution."""

    inputs: int
    outputs: int
    reduces: bool


class Reduction(nn.Module):
    """A residual block that halves the resolution."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ReLUConvBN(layer.inputs, layer.outputs, 3, stride=2), ReLUConvBN(layer.outputs, layer.outputs, 3)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), Conv2d(layer.inputs, layer.outputs, 1, bias=False))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H/2, W/2)``."""
        return self.shortcut(inputs) + self.residual(inputs)


def layers(space: NatsSizes, arch: Architecture, size: Size) -> Iterator[Layer]:
    """The five layers; the stem is as wide as the first."""
    widths = [width // size.share for width in space.widths(arch)]
    for number, (before, width) in enumerate(zip([widths[0], *widths], widths, strict=False)):
        yield Layer(before, width, number in REDUCING)


def cell(layer: Layer) -> EdgeCell:
    """The cell at a layer that does not reduce."""
    return EdgeCell({edge: _edge(edge, layer) for edge in EDGES})


def _edge(edge: str, layer: Layer) -> nn.Module:
    inputs = layer.inputs if edge.endswith("0") else layer.outputs
    if edge != SKIP:
        return ReLUConvBN(inputs, layer.outputs, 3)
    if inputs == layer.outputs:
        return nn.Identity()
    return nn.Sequential(Conv2d(inputs, layer.outputs, 1, bias=False), nn.BatchNorm2d(layer.outputs))


def network(space: NatsSizes, arch: Architecture, size: Size, classes: int) -> Network:
    """The network of ``arch``, as the benchmark trained it; weights are not drawn yet."""
    made = list(layers(space, arch, size))
    first, last = made[0].inputs, made[-1].outputs
    stem = nn.Sequential(Conv2d(3, first, 3, padding=1, bias=False), nn.BatchNorm2d(first))
    body = [Reduction(layer) if layer.reduces else cell(layer) for layer in made]
    return Network(stem, body, classifier(last, classes, nn.BatchNorm2d(last), nn.ReLU()))


def parameter_count(space: NatsSizes, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: weights, two numbers for every normalised channel, the linear layer."""
    made = list(layers(space, arch, size))
    first, last = made[0].inputs, made[-1].outputs
    body = sum(_weights(layer) + 2 * _normalised(layer) for layer in made)
    return (27 + 2) * first + body + 2 * last + (last + 1) * classes


def flop_count(space: NatsSizes, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`."""
    made, side = list(layers(space, arch, size)), image_size
    total = 27 * made[0].inputs * side**2 + made[-1].outputs * classes
    for layer in made:
        side //= 2 if layer.reduces else 1
        total += _weights(layer) * side**2
    return total


def table_flops(space: NatsSizes, arch: Architecture) -> int:
    """The table's: multiply-accumulates of the CIFAR-10 network. The release counts 10 more, the biases."""
    return flop_count(space, arch, FIDELITIES["benchmark"], 10, 32)


def _weights(layer: Layer) -> int:
    """Weights of a layer's convolutions."""
    c, d = layer.inputs, layer.outputs
    if layer.reduces:
        return 9 * c * d + 9 * d * d + c * d
    return 18 * c * d + 27 * d * d + (c * d if c != d else 0)


def _normalised(layer: Layer) -> int:
    """Channels that a layer normalises."""
    return layer.outputs * (2 if layer.reduces else 5 + (layer.inputs != layer.outputs))
