"""What the networks of both of TransNAS-Bench-101's spaces have in common.

Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
Architecture Search", CVPR 2021; the shapes are those of the authors' repository, yawen-d/TransNASBench: a
stem of two convolutions of stride 2, modules of two cells, then the task's decoder. Ours is for every task
the classifiers': the mean over all pixels and a linear layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from harness.families._transnas import Size
from harness.networks._blocks import Conv2d, ReLUConvBN

INIT = "kaiming_convolutions"
"""The authors draw convolutions so, and leave PyTorch's default to the linear layer."""


@dataclass(frozen=True)
class Layer:
    """A cell's place: channels in and out, and its stride."""

    inputs: int
    outputs: int
    stride: int


def layers(size: Size, modules: Sequence[tuple[bool, bool]]) -> tuple[Layer, ...]:
    """The cells' places; of each of ``modules`` whether it widens and whether it reduces."""
    made, channels = [], size.channels
    for widens, reduces in modules:
        outputs = channels * 2 if widens else channels
        made.append(Layer(channels, outputs, 2 if reduces else 1))
        made.extend([Layer(outputs, outputs, 1)] * (size.cells - 1))
        channels = outputs
    return tuple(made)


def stem(size: Size, image_channels: int = 3) -> nn.Module:
    """Two convolutions of stride 2 with half of the channels and all of them; behind the last no ReLU."""
    half = size.channels // 2
    return nn.Sequential(
        Conv2d(image_channels, half, 3, 2, padding=1, bias=False),
        nn.BatchNorm2d(half),
        ReLUConvBN(half, size.channels, 3, stride=2),
    )


def halved(pixels: int, stride: int) -> int:
    """The side of an image behind a layer, in pixels: rounded up."""
    return -(-pixels // stride)


def sides(image_size: int, places: Sequence[Layer]) -> list[int]:
    """The side of each of ``places``' outputs, in pixels."""
    found = [halved(halved(image_size, 2), 2)]
    for layer in places:
        found.append(halved(found[-1], layer.stride))
    return found[1:]


def stem_parameters(size: Size) -> int:
    """Parameters of :func:`stem`."""
    half = size.channels // 2
    return 27 * half + 9 * half * size.channels + 2 * (half + size.channels)


def stem_flops(size: Size, image_size: int) -> int:
    """Multiply-accumulates of :func:`stem`."""
    half, once = size.channels // 2, halved(image_size, 2)
    return 27 * half * once**2 + 9 * half * size.channels * halved(once, 2) ** 2


def head_parameters(places: Sequence[Layer], classes: int) -> int:
    """Parameters of the linear layer."""
    return (places[-1].outputs + 1) * classes
