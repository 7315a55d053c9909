"""Accel-NASBench's networks, of EfficientNet-B0's kind.

Ahmad, Xu and Samanta, "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS", DAC 2024; the
shapes are those of the authors' repository, afzalxo/ANB-DatasetCollection. A 3x3 stem of stride 2, seven
blocks of inverted residuals, a 1x1 convolution to four times the channels, the mean over all pixels and a
linear layer. The first layer of a block changes width and resolution; squeeze-and-excitation squeezes to a
quarter of a layer's input. Stochastic depth and dropout, with which they were trained, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

from harness.families.mnasnet import FIDELITIES, Size
from harness.networks._blocks import Network, classifier
from harness.networks._mbconv import Activation, Block, MBConv, conv_bn, strided
from harness.spaces import Architecture
from harness.spaces import mnasnet as space_of
from harness.spaces.mnasnet import MnasNet

INIT = "efficientnet"

WIDTHS = (32, 16, 24, 40, 80, 112, 192, 320)
"""Channels of the stem and of the seven blocks."""
STRIDES = (1, 2, 2, 2, 1, 2, 1)
HEAD = 4
"""Channels in front of the classifier for each channel of the last block."""
SQUEEZE = 4
"""Channels of a layer's input for each that its squeeze-and-excitation squeezes to."""
ACTIVATIONS: dict[str, tuple[Activation, Activation]] = {
    "relu": (nn.ReLU, nn.Hardsigmoid),
    "relu6": (nn.ReLU6, nn.Hardsigmoid),
    "hswish": (nn.Hardswish, nn.Hardsigmoid),
    "swish": (nn.SiLU, nn.Sigmoid),
}
"""By name what activates a layer, and the gate of squeeze-and-excitation.

``relu`` is the benchmark's, ``relu6`` MobileNetV2's, ``hswish`` MobileNetV3's, ``swish`` EfficientNet's.
"""


def layers(
    blocks: Iterable[space_of.Block], widths: Sequence[int] = WIDTHS, strides: Sequence[int] = STRIDES
) -> tuple[Block, ...]:
    """The inverted residuals of ``blocks``; ``widths`` are the stem's and theirs."""
    made = []
    for block, inputs, outputs, stride in zip(blocks, widths, widths[1:], strides, strict=False):
        for number in range(block.layers):
            first = number == 0
            into = inputs if first else outputs
            squeeze = max(1, into // SQUEEZE) if block.se else 0
            made.append(Block(into, outputs, block.expansion, block.kernel, stride if first else 1, squeeze))
    return tuple(made)


def assembled(body: Sequence[Block], classes: int, activation: str = "relu") -> Network:
    """Stem, ``body`` and head; weights are not drawn yet."""
    activate, gate = ACTIVATIONS[activation]
    stem, last = body[0].inputs, body[-1].outputs
    return Network(
        nn.Sequential(*conv_bn(3, stem, 3, 2), activate()),
        [MBConv(block, activate, gate) for block in body],
        classifier(HEAD * last, classes, *conv_bn(last, HEAD * last, 1), activate()),
    )


def parameters(body: Sequence[Block], classes: int) -> int:
    """Parameters of :func:`assembled`."""
    stem, last = body[0].inputs, body[-1].outputs
    head = (last + 2) * HEAD * last + (HEAD * last + 1) * classes
    return (27 + 2) * stem + sum(block.parameters for block in body) + head


def flops(body: Sequence[Block], classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`assembled`."""
    last, side = body[-1].outputs, strided(image_size, 2)
    total = 27 * body[0].inputs * side**2
    for block in body:
        total += block.flops(side)
        side = strided(side, block.stride)
    return total + HEAD * last * (last * side**2 + classes)


def network(space: MnasNet, arch: Architecture, size: Size, classes: int) -> Network:
    """The network of ``arch``; weights are not drawn yet."""
    return assembled(_body(space, arch, size), classes, size.activation)


def parameter_count(space: MnasNet, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`."""
    return parameters(_body(space, arch, size), classes)


def flop_count(space: MnasNet, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`."""
    return flops(_body(space, arch, size), classes, image_size)


def table_flops(space: MnasNet, arch: Architecture) -> int:
    """The table's: multiply-accumulates of convolutions and linear layers at 224 x 224."""
    return flop_count(space, arch, FIDELITIES["benchmark"], 1000, 224)


def _body(space: MnasNet, arch: Architecture, size: Size) -> tuple[Block, ...]:
    return layers(space.blocks(arch), [width // size.share for width in WIDTHS])
