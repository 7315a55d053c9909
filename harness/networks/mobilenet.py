"""The networks and the supernet that Zero-Cost-PT searches among MobileNet-like architectures.

The shapes are those of ``mobilenet_search_space`` in zerocostptnas/zerocost_operation_score at commit
48f48c9: a 3x3 stem of stride 2, an inverted residual without expansion, 21 layers in six stages (the first
layer of all but the fourth and the sixth halves the resolution), a 1x1 convolution to many channels, the mean
over all pixels and a linear layer; ReLU6 throughout. The supernet *sums* what is left of a layer's
candidates: each weighs 1, where others weigh them by one over their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from torch import nn

from harness.errors import ConfigError
from harness.families.mobilenet import Size
from harness.networks._blocks import Network, classifier
from harness.networks._mbconv import Block, MBConv, conv_bn, strided
from harness.networks._supernet import LayerChoices, Supernet
from harness.spaces import Architecture, Space
from harness.spaces.mobilenet import BLOCKS, IDENTITY, STAGES

INIT = "pytorch"
"""The class of the stand-alone networks leaves PyTorch's default initialisation."""
SUPERNET_INIT = "kaiming_convolutions"
"""``SuperNetwork.__init__`` draws convolutions from N(0, 2 / (k^2 outputs)), those by channel too, and leaves
PyTorch's default to the linear layer."""
RELEASED_MASKING = "drop"
"""Zero-Cost-PT's released code takes a removed candidate off the list of those that run."""
RELEASED_COUNTING = "once"
"""No module there is named after a ReLU but the ReLU6s themselves."""

_STEM, _FIRST, _WIDTHS, _FEATURES = 40, 24, (32, 56, 112, 128, 256, 432), 1728
_STRIDES = (2, 2, 2, 1, 2, 1)


@dataclass(frozen=True)
class Layer:
    """A layer's place: channels in and out, and its stride."""

    inputs: int
    outputs: int
    stride: int

    def block(self, name: str) -> Block:
        """The shape of the block ``name`` here."""
        return Block(self.inputs, self.outputs, *BLOCKS[name], self.stride)


@cache
def layers(size: Size) -> tuple[Layer, ...]:
    """The 21 layers' places."""
    made, channels = [], _FIRST // size.share
    for width, length, stride in zip(_WIDTHS, STAGES, _STRIDES, strict=True):
        outputs = width // size.share
        made.append(Layer(channels, outputs, stride))
        made.extend([Layer(outputs, outputs, 1)] * (length - 1))
        channels = outputs
    return tuple(made)


def operation(name: str, layer: Layer) -> nn.Module:
    """The module of candidate ``name``."""
    return nn.Identity() if name == IDENTITY else MBConv(layer.block(name), nn.ReLU6)


def network(space: Space, arch: Architecture, size: Size, classes: int) -> Network:
    """The stand-alone network of ``arch``, without the dropout of its training; weights are not drawn yet."""
    places = zip(space.decisions, arch, layers(size), strict=True)
    body = [operation(decision.candidates[pick], layer) for decision, (pick,), layer in places]
    return Network(_stem(size), body, _head(size, classes))


def supernet(space: Space, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """The sum of all candidates in every layer; weights are not drawn yet."""
    body = [
        LayerChoices(index, [operation(name, layer) for name in decision.candidates], summed=True)
        for index, (decision, layer) in enumerate(zip(space.decisions, layers(size), strict=True))
    ]
    return Supernet(space, _stem(size, image_channels), body, _head(size, classes))


def parameter_count(space: Space, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: those around the layers, and those of every layer's block."""
    stem, features = _STEM // size.share, _FEATURES // size.share
    around = (27 + 2) * stem + _first(size).parameters + (layers(size)[-1].outputs + 2) * features
    places = zip(arch, _layer_parameters(size), strict=True)
    return around + (features + 1) * classes + sum(costs[pick] for (pick,), costs in places)


def flop_count(space: Space, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`: those around the layers, and those of every layer's block."""
    stem, features = _STEM // size.share, _FEATURES // size.share
    first, last = strided(image_size, 2), _sides(size, image_size)[-1]
    around = 27 * stem * first**2 + _first(size).flops(first)
    head = (layers(size)[-1].outputs * last**2 + classes) * features
    places = zip(arch, _layer_flops(size, image_size), strict=True)
    return around + head + sum(costs[pick] for (pick,), costs in places)


def table_flops(space: Space, arch: Architecture) -> int:
    """Nobody lists FLOPs of this space: raises :class:`~harness.errors.ConfigError`."""
    raise ConfigError(
        f"No benchmark of {space.name} lists FLOPs; count_flops(network, 224) counts those of a network."
    )


@cache
def _layer_parameters(size: Size) -> tuple[tuple[int, ...], ...]:
    """For every layer the parameters of each block, and of an identity."""
    return tuple((*(layer.block(name).parameters for name in BLOCKS), 0) for layer in layers(size))


@cache
def _layer_flops(size: Size, image_size: int) -> tuple[tuple[int, ...], ...]:
    """For every layer the multiply-accumulates of each block, and of an identity."""
    return tuple(
        (*(layer.block(name).flops(side) for name in BLOCKS), 0)
        for layer, side in zip(layers(size), _sides(size, image_size), strict=False)
    )


def _sides(size: Size, image_size: int) -> list[int]:
    """Height and width before the first layer and behind every layer, in pixels."""
    sides = [strided(image_size, 2)]
    for layer in layers(size):
        sides.append(strided(sides[-1], layer.stride))
    return sides


def _first(size: Size) -> Block:
    return Block(_STEM // size.share, _FIRST // size.share, expansion=1, kernel=3)


def _stem(size: Size, image_channels: int = 3) -> nn.Module:
    convolution = conv_bn(image_channels, _STEM // size.share, 3, stride=2)
    return nn.Sequential(*convolution, nn.ReLU6(), MBConv(_first(size), nn.ReLU6))


def _head(size: Size, classes: int) -> nn.Module:
    features = _FEATURES // size.share
    return classifier(features, classes, *conv_bn(layers(size)[-1].outputs, features, 1), nn.ReLU6())
