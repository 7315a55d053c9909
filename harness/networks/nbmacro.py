"""NAS-Bench-Macro's networks and supernet.

Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021; the sizes are
those of the authors' repository, xiusu/NAS-Bench-Macro. A 3x3 stem, eight layers in stages
of 2, 3 and 3, a 1x1 convolution to many channels, the mean over all pixels and a linear layer.
The first layer of a stage halves the resolution and doubles the channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from torch import nn

from harness.families.nbmacro import FIDELITIES, Size
from harness.networks._blocks import Conv2d, Network, classifier, conv_bn_relu
from harness.networks._mbconv import Block, MBConv, strided
from harness.networks._supernet import LayerChoices, Supernet
from harness.spaces import Architecture, Space
from harness.spaces.nbmacro import OPERATIONS, STAGES

INIT = "pytorch"
"""The authors' model class leaves PyTorch's default initialisation."""
SUPERNET_INIT = "pytorch"
RELEASED_MASKING = "undiscretised"
"""Zero-Cost-PT's released code leaves a decided layer's other candidates at 1/3
(``nasbench_macro/network_proposal.py``)."""
RELEASED_COUNTING = "once"
"""No module of ``nasbench_macro/model.py`` is named after a ReLU but the ReLUs themselves."""


@dataclass(frozen=True)
class Layer:
    """One layer of one size: what it takes and gives, per image and pixel."""

    inputs: int
    outputs: int
    stride: int

    def block(self, expansion: int, kernel: int) -> Block:
        """The shape of an inverted residual here."""
        return Block(self.inputs, self.outputs, expansion, kernel, self.stride)


@cache
def layers(size: Size) -> tuple[Layer, ...]:
    """The eight layers: the first of a stage has stride 2 and doubles the channels."""
    made, channels = [], size.channels
    for length in STAGES:
        made.append(Layer(channels, 2 * channels, 2))
        channels *= 2
        made.extend([Layer(channels, channels, 1)] * (length - 1))
    return tuple(made)


def operation(name: str, layer: Layer) -> nn.Module:
    """The module of candidate ``name``; an identity that changes shape is a 1x1 convolution, normalised."""
    if name in _EXPANSION_AND_KERNEL:
        return MBConv(layer.block(*_EXPANSION_AND_KERNEL[name]))
    if layer.stride == 1:
        return nn.Identity()
    return nn.Sequential(
        Conv2d(layer.inputs, layer.outputs, 1, layer.stride, bias=False), nn.BatchNorm2d(layer.outputs)
    )


def network(space: Space, arch: Architecture, size: Size, classes: int) -> Network:
    """The stand-alone network of ``arch``, as the benchmark trained it; weights are not drawn yet."""
    body = [operation(OPERATIONS[pick], layer) for (pick,), layer in zip(arch, layers(size), strict=True)]
    return Network(_stem(size), body, _head(size, classes))


def supernet(space: Space, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """A choice among the three candidates in every layer; weights are not drawn yet."""
    return Supernet(space, _stem(size, image_channels), _choices(size), _head(size, classes))


def ntk_supernet(space: Space, classes: int) -> Supernet:
    """A supernet for TE-NAS's tangent kernel, ours: 3 channels in the stem."""
    return supernet(space, Size(3, 120), classes)


def regions_supernet(space: Space, classes: int) -> Supernet:
    """A supernet for TE-NAS's linear regions, ours: all layers from one channel, ``(B, 1, H, W)``, no stem.

    Unlike a cell's, the decisions of this space are layers, and none of them can be left out; their many
    units tell most patches apart, so that the number of regions hardly varies.
    """
    size = Size(1, 40)
    return Supernet(space, nn.Identity(), _choices(size), _head(size, classes))


def parameter_count(space: Space, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: those around the layers, and those of every layer's operation."""
    costs = _layer_parameters(size)
    channels = layers(size)[-1].outputs
    fixed = 27 * size.channels + 2 * size.channels + (channels + 2 + classes) * size.features + classes
    return fixed + sum(cost[pick] for cost, (pick,) in zip(costs, arch, strict=True))


def flop_count(space: Space, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`: those around the layers, and those of every layer."""
    costs = _layer_flops(size, image_size)
    pixels = _resolutions(size, image_size)[-1] ** 2
    head = (layers(size)[-1].outputs * pixels + classes) * size.features
    return (
        27 * size.channels * image_size**2
        + head
        + sum(cost[pick] for cost, (pick,) in zip(costs, arch, strict=True))
    )


def candidate_costs(space: Space, size: Size, image_size: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Parameters, and multiply-accumulates, that every layer's candidates add."""
    return _layer_parameters(size), _layer_flops(size, image_size)


def table_flops(space: Space, arch: Architecture) -> int:
    """The table's FLOPs: multiply-accumulates of the CIFAR-10 network, ``count_flops(network, 32)``."""
    return flop_count(space, arch, FIDELITIES["benchmark"], 10, 32)


_EXPANSION_AND_KERNEL = {"mb3_k3": (3, 3), "mb6_k5": (6, 5)}


@cache
def _layer_parameters(size: Size) -> tuple[tuple[int, ...], ...]:
    """For every layer the parameters of each candidate."""
    return tuple(tuple(_parameters(name, layer) for name in OPERATIONS) for layer in layers(size))


def _parameters(name: str, layer: Layer) -> int:
    c, d = layer.inputs, layer.outputs
    if name == "identity":
        return 0 if layer.stride == 1 else c * d + 2 * d
    return layer.block(*_EXPANSION_AND_KERNEL[name]).parameters


@cache
def _layer_flops(size: Size, image_size: int) -> tuple[tuple[int, ...], ...]:
    """For every layer the multiply-accumulates of each candidate."""
    resolutions = _resolutions(size, image_size)
    return tuple(
        tuple(_flops(name, layer, side) for name in OPERATIONS)
        for layer, side in zip(layers(size), resolutions, strict=False)
    )


@cache
def _resolutions(size: Size, image_size: int) -> tuple[int, ...]:
    """Height and width before the first layer and behind every layer, in pixels."""
    resolutions = [image_size]
    for layer in layers(size):
        resolutions.append(strided(resolutions[-1], layer.stride))
    return tuple(resolutions)


def _flops(name: str, layer: Layer, side: int) -> int:
    if name == "identity":
        return 0 if layer.stride == 1 else layer.inputs * layer.outputs * strided(side, layer.stride) ** 2
    return layer.block(*_EXPANSION_AND_KERNEL[name]).flops(side)


def _stem(size: Size, image_channels: int = 3) -> nn.Module:
    return conv_bn_relu(image_channels, size.channels, 3)


def _choices(size: Size) -> list[nn.Module]:
    return [
        LayerChoices(
            index, [operation(name, layer) for name in OPERATIONS], passes=layer.inputs == layer.outputs
        )
        for index, layer in enumerate(layers(size))
    ]


def _head(size: Size, classes: int) -> nn.Module:
    features = conv_bn_relu(layers(size)[-1].outputs, size.features, 1)
    return classifier(size.features, classes, features)
