"""TransNAS-Bench-101's networks of residual blocks.

Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
Architecture Search", CVPR 2021. Four to six modules of two residual blocks; what a module changes, its first
block does.
"""

from __future__ import annotations

import torch
from torch import nn

from harness.families._transnas import FIDELITIES, Size
from harness.networks import _transnas
from harness.networks._blocks import Conv2d, Network, ReLUConvBN, classifier
from harness.networks._transnas import INIT, Layer
from harness.spaces import Architecture
from harness.spaces.transnas_macro import REDUCING, WIDENING, TransNASMacro

__all__ = ["INIT"]


class Block(nn.Module):
    """Two convolutions of 3x3 behind ReLUs, and the input, projected where its shape is another one."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ReLUConvBN(layer.inputs, layer.outputs, 3, layer.stride),
            ReLUConvBN(layer.outputs, layer.outputs, 3),
        )
        self.shortcut: nn.Module = nn.Identity()
        if _projected(layer):
            self.shortcut = nn.Sequential(
                Conv2d(layer.inputs, layer.outputs, 1, layer.stride, bias=False),
                nn.BatchNorm2d(layer.outputs),
            )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``, rounded up."""
        return self.shortcut(inputs) + self.residual(inputs)


def _projected(layer: Layer) -> bool:
    return layer.stride != 1 or layer.inputs != layer.outputs


def layers(space: TransNASMacro, arch: Architecture, size: Size) -> tuple[Layer, ...]:
    """The places of the blocks."""
    return _transnas.layers(size, [(kind in WIDENING, kind in REDUCING) for kind in space.modules(arch)])


def network(space: TransNASMacro, arch: Architecture, size: Size, classes: int) -> Network:
    """The network of ``arch``, with a classifier behind the encoder; weights are not drawn yet."""
    places = layers(space, arch, size)
    return Network(_transnas.stem(size), map(Block, places), classifier(places[-1].outputs, classes))


def parameter_count(space: TransNASMacro, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`; the benchmark's own count leaves out the linear layer's."""
    places = layers(space, arch, size)
    blocks = sum(_weights(layer) + 2 * (2 + _projected(layer)) * layer.outputs for layer in places)
    return _transnas.stem_parameters(size) + blocks + _transnas.head_parameters(places, classes)


def flop_count(space: TransNASMacro, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`; the benchmark's own count leaves out the linear layer's."""
    places = layers(space, arch, size)
    placed = zip(places, _transnas.sides(image_size, places), strict=True)
    blocks = sum(_weights(layer) * side**2 for layer, side in placed)
    return _transnas.stem_flops(size, image_size) + blocks + places[-1].outputs * classes


def table_flops(space: TransNASMacro, arch: Architecture) -> int:
    """The table's: multiply-accumulates of the encoder at 256 x 256, computed by those who collected it."""
    return flop_count(space, arch, FIDELITIES["benchmark"], 0, 256)


def _weights(layer: Layer) -> int:
    """Weights of a block's convolutions."""
    shortcut = layer.inputs if _projected(layer) else 0
    return (9 * layer.inputs + 9 * layer.outputs + shortcut) * layer.outputs
