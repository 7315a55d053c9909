"""TransNAS-Bench-101's networks of cells, and a supernet of them.

Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
Architecture Search", CVPR 2021. Five modules of two cells; the first, third and fifth double the channels and
halve the resolution in their first cell. The supernet is ours, modelled on NAS-Bench-201's: the authors
published none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial

import torch
from torch import nn
from torch.nn import functional as F

from harness.families._transnas import FIDELITIES, Size
from harness.networks import _transnas
from harness.networks._blocks import Network, ReLUConvBN, classifier
from harness.networks._darts import FactorizedReduce
from harness.networks._edges import EdgeCell, EdgeChoices
from harness.networks._supernet import Supernet
from harness.networks._transnas import INIT, Layer
from harness.spaces import Architecture, Space
from harness.spaces._edges import EDGES
from harness.spaces.transnas_micro import MODULES, OPERATIONS

SUPERNET_INIT = INIT

_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


class Cell(EdgeCell):
    """Edges from the input change channels and resolution as the ``layer`` does."""

    def __init__(self, edges: Mapping[str, nn.Module], layer: Layer) -> None:
        super().__init__(edges)
        self.stride, self.wider = layer.stride, layer.outputs // layer.inputs

    def zeros(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to zeros ``(B, outputs, H / stride, W / stride)``, rounded up."""
        zeros = F.avg_pool2d(inputs, 1, self.stride) * 0.0
        return torch.cat([zeros] * self.wider, 1) if self.wider > 1 else zeros


class CellChoices(EdgeChoices):
    """A cell with all candidates on every edge."""

    def __init__(self, layer: Layer, affine: bool = False) -> None:
        super().__init__(OPERATIONS, lambda name, parent: operation(name, layer, parent, affine))
        self.layer = layer

    def cell(self, edges: Mapping[str, nn.Module]) -> Cell:
        """The cell of these edges, at the layer's place."""
        return Cell(edges, self.layer)


def operation(name: str, layer: Layer, parent: int, affine: bool = True) -> nn.Module:
    """The module of candidate ``name``, which is not ``none``, on the edge from node ``parent``."""
    inputs, stride = (layer.outputs, 1) if parent else (layer.inputs, layer.stride)
    if name in _KERNELS:
        return ReLUConvBN(inputs, layer.outputs, _KERNELS[name], stride, affine)
    if stride == 1 and inputs == layer.outputs:
        return nn.Identity()
    return FactorizedReduce(inputs, layer.outputs, affine)


def layers(size: Size) -> tuple[Layer, ...]:
    """The places of the cells."""
    return _transnas.layers(size, [(module == "4", module == "4") for module in MODULES])


def network(space: Space, arch: Architecture, size: Size, classes: int) -> Network:
    """The stand-alone network of ``arch``, with a classifier behind the encoder; weights are not drawn yet.

    Edges whose result never reaches the output are there and run, as in the benchmark.
    """

    def cell(layer: Layer) -> Cell:
        edges = {
            f"{node}<-{parent}": operation(OPERATIONS[pick], layer, parent)
            for (node, parent), (pick,) in zip(EDGES, arch, strict=True)
            if OPERATIONS[pick] != "none"
        }
        return Cell(edges, layer)

    return Network(*_assemble(cell, size, classes))


def supernet(space: Space, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """All candidates on every edge, normalised without weight and bias; weights are not drawn yet."""
    return Supernet(space, *_assemble(CellChoices, size, classes, image_channels))


def ntk_supernet(space: Space, classes: int) -> Supernet:
    """A supernet for TE-NAS's tangent kernel, ours: one cell per module, 2 channels behind the stem.

    As in NAS-Bench-201 a normalisation and a ReLU stand in front of the classifier. Without a ReLU behind the
    last normalisations the sum of all samples' logits is constant in training mode, and the kernel singular.
    """
    stem, body, _ = _assemble(partial(CellChoices, affine=True), Size(2, 1), classes)
    last = layers(Size(2, 1))[-1].outputs
    return Supernet(space, stem, body, classifier(last, classes, nn.BatchNorm2d(last), nn.ReLU()))


def regions_supernet(space: Space, classes: int) -> Supernet:
    """A supernet for TE-NAS's linear regions, ours: one cell of one channel, ``(B, 1, H, W)``, no stem."""
    head = classifier(1, classes, nn.BatchNorm2d(1), nn.ReLU())
    return Supernet(space, nn.Identity(), [CellChoices(Layer(1, 1, 1))], head)


def _assemble(
    cell: Callable[[Layer], nn.Module], size: Size, classes: int, image_channels: int = 3
) -> tuple[nn.Module, list[nn.Module], nn.Module]:
    """Stem, body and head around the cells that ``cell(layer)`` makes."""
    places = layers(size)
    body = [cell(layer) for layer in places]
    return _transnas.stem(size, image_channels), body, classifier(places[-1].outputs, classes)


def parameter_count(space: Space, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`; the benchmark's own count leaves out the linear layer's."""
    edges = sum(_edge_parameters(size)[place][pick] for place, (pick,) in enumerate(arch))
    return _transnas.stem_parameters(size) + edges + _transnas.head_parameters(layers(size), classes)


def flop_count(space: Space, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`; the benchmark's own count leaves out the linear layer's."""
    edges = sum(_edge_flops(size, image_size)[place][pick] for place, (pick,) in enumerate(arch))
    return _transnas.stem_flops(size, image_size) + edges + layers(size)[-1].outputs * classes


def table_flops(space: Space, arch: Architecture) -> int:
    """The table's: multiply-accumulates of the encoder at 256 x 256, computed by those who collected it."""
    return flop_count(space, arch, FIDELITIES["benchmark"], 0, 256)


def _weights(name: str, layer: Layer, parent: int) -> int:
    """Weights of a candidate's convolutions."""
    inputs, stride = (layer.outputs, 1) if parent else (layer.inputs, layer.stride)
    if name == "none" or (name == "skip_connect" and stride == 1 and inputs == layer.outputs):
        return 0
    return _KERNELS.get(name, 1) ** 2 * inputs * layer.outputs


@cache
def _edge_parameters(size: Size) -> tuple[tuple[int, ...], ...]:
    """For every edge what each operation adds over all cells: weights, and two numbers per channel."""
    return tuple(
        tuple(
            sum(
                weights + 2 * layer.outputs
                for layer in layers(size)
                if (weights := _weights(name, layer, parent))
            )
            for name in OPERATIONS
        )
        for _, parent in EDGES
    )


@cache
def _edge_flops(size: Size, image_size: int) -> tuple[tuple[int, ...], ...]:
    """For every edge the multiply-accumulates of each operation over all cells: weights times pixels."""
    placed = list(zip(layers(size), _transnas.sides(image_size, layers(size)), strict=True))
    return tuple(
        tuple(sum(_weights(name, layer, parent) * side**2 for layer, side in placed) for name in OPERATIONS)
        for _, parent in EDGES
    )
