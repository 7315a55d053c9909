"""NAS-Bench-201's networks and supernet.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search",
ICLR 2020; the module sizes are those of the authors' ``TinyNetwork``. A 3x3 stem, three stages
of cells at C, 2C and 4C channels with a residual block of stride 2 between them, then batch
normalisation, ReLU, the mean over all pixels and a linear layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

import torch
from torch import nn

from harness.families.nb201 import FIDELITIES, Size
from harness.networks._blocks import Conv2d, Network, ReLUConvBN, classifier
from harness.networks._edges import EdgeCell, EdgeChoices
from harness.networks._gates import Averaged, Gate
from harness.networks._supernet import Supernet
from harness.spaces import Architecture, Space
from harness.spaces._edges import EDGES
from harness.spaces.nb201 import OPERATIONS

INIT = "pytorch"
"""The authors' model class leaves PyTorch's default initialisation."""
SUPERNET_INIT = "pytorch"
RELEASED_MASKING = "zeros"
"""Zero-Cost-PT's released code runs a candidate of weight 0 on zeros (``nasbench201/search_cells.py``)."""
RELEASED_COUNTING = "as_released"
"""It counts the input of every ``ReLUConvBN`` beside the ReLU's: every convolution in a cell, and both of a
:class:`Reduction`, in the supernet and in stand-alone networks (``nasbench201/cell_operations.py``)."""


class CellChoices(EdgeChoices):
    """A cell with all candidates on every edge."""

    passing = frozenset(range(len(EDGES)))

    def __init__(self, channels: int, affine: bool = False, sampling: int = 1) -> None:
        taken = channels // sampling
        super().__init__(OPERATIONS, lambda name, parent: _OPERATIONS[name](taken, affine), sampling)

    def averaged(self, gates: Sequence[Gate]) -> EdgeCell:
        """A cell of averages; ``none`` is a branch of zeros."""
        edges = {}
        for (name, modules), gate in zip(self.edges.items(), gates, strict=True):
            own = {index: modules.get_submodule(self.operations[index]) for index in self.with_modules}
            edges[name] = Averaged(gate, own, passes=True)
        return self.cell(edges)


class Reduction(nn.Module):
    """A residual block that halves the resolution and doubles the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ReLUConvBN(channels, 2 * channels, 3, stride=2), ReLUConvBN(2 * channels, 2 * channels, 3)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), Conv2d(channels, 2 * channels, 1, bias=False))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to ``(B, 2C, H/2, W/2)``."""
        return self.shortcut(inputs) + self.residual(inputs)


_OPERATIONS: dict[str, Callable[[int, bool], nn.Module]] = {
    "skip_connect": lambda channels, affine: nn.Identity(),
    "nor_conv_1x1": lambda channels, affine: ReLUConvBN(channels, channels, 1, affine=affine),
    "nor_conv_3x3": lambda channels, affine: ReLUConvBN(channels, channels, 3, affine=affine),
    "avg_pool_3x3": lambda channels, affine: nn.AvgPool2d(3, 1, padding=1, count_include_pad=False),
}


def network(space: Space, arch: Architecture, size: Size, classes: int) -> Network:
    """The stand-alone network of ``arch``, as the benchmark trained it; weights are not drawn yet.

    Edges whose result never reaches the output are there and run, as in the benchmark.
    """
    picks = {
        f"{node}<-{parent}": OPERATIONS[pick] for (node, parent), (pick,) in zip(EDGES, arch, strict=True)
    }

    def cell(channels: int) -> EdgeCell:
        return EdgeCell({name: _OPERATIONS[op](channels, True) for name, op in picks.items() if op != "none"})

    return Network(*_assemble(cell, size, classes))


def supernet(space: Space, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """The supernet of Zero-Cost-PT; weights are not drawn yet.

    Its cells' batch normalisations have no weight and bias, but running statistics.
    """
    return Supernet(space, *_assemble(CellChoices, size, classes, image_channels))


def partial_supernet(space: Space, size: Size, classes: int, sampling: int) -> Supernet:
    """The supernet of which an edge's operations read one in ``sampling`` channels."""
    return Supernet(space, *_assemble(partial(CellChoices, sampling=sampling), size, classes))


def binarised_parts(network: Network | Supernet) -> Iterator[nn.Module]:
    """What holds the convolutions that may be binary, of a network or a supernet: its cells.

    The residual blocks between the stages stay real. BNAS has none; of what halves the resolution outside of
    its operations it leaves the projections real.
    """
    return (part for part in network.body if isinstance(part, EdgeCell | EdgeChoices))


def ntk_supernet(space: Space, classes: int) -> Supernet:
    """TE-NAS's for the tangent kernel: one cell per stage, 3 channels, all normalisations with weights."""
    return Supernet(space, *_assemble(partial(CellChoices, affine=True), Size(3, 1), classes))


def regions_supernet(space: Space, classes: int) -> Supernet:
    """TE-NAS's for linear regions: a single cell of one channel on images ``(B, 1, H, W)``, no stem."""
    return Supernet(
        space, nn.Identity(), [CellChoices(1)], classifier(1, classes, nn.BatchNorm2d(1), nn.ReLU())
    )


def _assemble(
    cell: Callable[[int], nn.Module], size: Size, classes: int, image_channels: int = 3
) -> tuple[nn.Module, list[nn.Module], nn.Module]:
    """Stem, body and head around the cells that ``cell(channels)`` makes."""
    first, last = size.channels, 4 * size.channels
    stem = nn.Sequential(Conv2d(image_channels, first, 3, padding=1, bias=False), nn.BatchNorm2d(first))
    body: list[nn.Module] = []
    for stage in range(3):
        if stage:
            body.append(Reduction(first * 2 ** (stage - 1)))
        body.extend(cell(first * 2**stage) for _ in range(size.cells))
    return stem, body, classifier(last, classes, nn.BatchNorm2d(last), nn.ReLU())


def parameter_count(space: Space, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: those around the edges, and those of every edge's operation."""
    costs = _edge_parameters(size)
    return _fixed_parameters(size, classes) + sum(costs[pick] for (pick,) in arch)


def flop_count(space: Space, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`: those around the edges, and those of every edge."""
    costs = _edge_flops(size, image_size)
    return _fixed_flops(size, classes, image_size) + sum(costs[pick] for (pick,) in arch)


def candidate_costs(space: Space, size: Size, image_size: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Parameters, and multiply-accumulates, that every edge's candidates add."""
    count = len(space.decisions)
    return (_edge_parameters(size),) * count, (_edge_flops(size, image_size),) * count


def table_flops(space: Space, arch: Architecture) -> int:
    """FLOPs of the CIFAR-10 network as the table lists them: one multiply-accumulate is one FLOP.

    The table's figures are NASLib's count, not the benchmark's own (which is
    ``count_flops(network, 32)`` + 10, the biases of the linear layer). On top of the
    multiply-accumulates they hold 3 for every number a cell's convolution puts out (ReLU 1,
    normalisation 2), 9 for every number of a 3x3 pooling, and 160,832 outside the edges: ReLU 1
    and normalisation 2 for every number, 4 for every normalised channel, 1 for every pooled input.
    The rule was inferred from the figures; it meets all 9,445 listed ones to their six digits.
    """
    counted = flop_count(space, arch, FIDELITIES["benchmark"], 10, 32)
    return counted + 160_832 + sum(_TABLE_EXTRAS.get(OPERATIONS[pick], 0) for (pick,) in arch)


_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
_NUMBERS = 5 * (16 * 32**2 + 32 * 16**2 + 64 * 8**2)
"""What one edge of the benchmark's network puts out for one image, over the fifteen cells."""
_TABLE_EXTRAS = {"nor_conv_1x1": 3 * _NUMBERS, "nor_conv_3x3": 3 * _NUMBERS, "avg_pool_3x3": 9 * _NUMBERS}


def _widths(size: Size) -> list[int]:
    return [size.channels * 2**stage for stage in range(3)]


def _pixels(image_size: int) -> list[int]:
    return [(image_size // 2**stage) ** 2 for stage in range(3)]


@cache
def _edge_parameters(size: Size) -> tuple[int, ...]:
    """Parameters each operation adds over all cells: ``k^2 c^2`` weights and ``2c`` of the normalisation."""
    costs = {
        name: size.cells * sum(kernel**2 * c * c + 2 * c for c in _widths(size))
        for name, kernel in _KERNELS.items()
    }
    return tuple(costs.get(name, 0) for name in OPERATIONS)


@cache
def _edge_flops(size: Size, image_size: int) -> tuple[int, ...]:
    """Multiply-accumulates each operation adds over all cells: ``k^2 c^2`` for every pixel."""
    places = size.cells * sum(c * c * p for c, p in zip(_widths(size), _pixels(image_size), strict=True))
    return tuple(_KERNELS.get(name, 0) ** 2 * places for name in OPERATIONS)


@cache
def _fixed_parameters(size: Size, classes: int) -> int:
    first, second, last = _widths(size)
    # From c to 2c channels: 18 + 36 c^2 in two 3x3 convolutions, 2 c^2 in the shortcut, two normalisations.
    reductions = sum(56 * c * c + 8 * c for c in (first, second))
    return (27 + 2) * first + reductions + 2 * last + (last + 1) * classes


@cache
def _fixed_flops(size: Size, classes: int, image_size: int) -> int:
    first, second, last = _widths(size)
    large, middle, small = _pixels(image_size)
    return 27 * first * large + 56 * (first**2 * middle + second**2 * small) + last * classes
