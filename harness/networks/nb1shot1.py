"""NAS-Bench-1Shot1's networks, which are NAS-Bench-101's, and its supernets.

Networks: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019. A
3x3 stem, three stacks of three cells, 2x2 max pooling between the stacks, where the channels
double; the mean over all pixels; a linear layer. Supernets: Zela, Siems and Hutter, ICLR 2020,
the DARTS model of the authors' repository, automl/nasbench-1shot1.
"""

from __future__ import annotations

from functools import lru_cache

from torch import nn

from harness.errors import ConfigError
from harness.families.nb1shot1 import Size
from harness.networks._blocks import Network, ReLUConvBN, classifier
from harness.networks._nb1shot1 import CellChoices
from harness.networks._nb101 import Cell, cell_costs, conv_bn_relu
from harness.networks._supernet import Supernet
from harness.spaces import Architecture
from harness.spaces._nb1shot1 import NB1Shot1
from harness.spaces._nb101 import Cell as Graph

INIT = "tensorflow"
"""NAS-Bench-101 was trained with TensorFlow's ``variance_scaling_initializer``."""
SUPERNET_INIT = "pytorch"
"""The authors' supernets leave PyTorch's default initialisation."""
RELEASED_MASKING = "weightless"
"""Zero-Cost-PT's released code runs a candidate of weight 0 as any other (``nasbench1shot1``)."""
RELEASED_COUNTING = "as_released"
"""Of its supernets the ``ReLUConvBN`` in front of the classifier counts beside its ReLU. ``ConvBnRelu`` is
spelled otherwise, and counts once as the ReLU in it."""

STACKS = 3


def network(space: NB1Shot1, arch: Architecture, size: Size, classes: int) -> Network:
    """The stand-alone network of ``arch``, as NAS-Bench-101 trained its cell; weights are not drawn yet.

    The benchmark trained one cell of each isomorphism class. In space 2 three blocks may share the output's
    channels, which 3 does not divide, and a block that stands earlier gets one more: there a cell with loose
    ends may differ from the trained one by up to 1 % of the parameters. Listed cells never do.
    """
    graph = space.cell(arch)
    body: list[nn.Module] = []
    channels, wide = size.channels, size.channels
    for stack in range(STACKS):
        if stack:
            body.append(nn.MaxPool2d(2))
            wide *= 2
        for _ in range(size.cells):
            body.append(Cell(graph, channels, wide))
            channels = wide
    return Network(conv_bn_relu(3, size.channels, 3), body, classifier(channels, classes))


def supernet(space: NB1Shot1, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """The supernet of NAS-Bench-1Shot1's DARTS; weights are not drawn yet.

    Every block has all the channels of its stack, and the cell's output all blocks' one after
    the other behind the projected input; max pooling between the stacks pads by 1, as the
    authors' does.
    """
    stem, body, inputs = _stem_and_cells(space, size, image_channels)
    channels = size.supernet_channels * 2 ** (STACKS - 1)
    postprocess = ReLUConvBN(inputs, channels, 1, affine=False)
    return Supernet(space, stem, body, classifier(channels, classes, postprocess))


def ntk_supernet(space: NB1Shot1, classes: int) -> Supernet:
    """A supernet for TE-NAS's tangent kernel, ours: 3 channels, one cell per stack.

    As in NAS-Bench-101's networks the classifier follows the last cell. With the convolution and the
    normalisation that :func:`supernet` puts between them, the sum of all samples' logits is constant in
    training mode, and the kernel singular.
    """
    stem, body, inputs = _stem_and_cells(space, Size(3, 3, 1), 3)
    return Supernet(space, stem, body, classifier(inputs, classes))


def regions_supernet(space: NB1Shot1, classes: int) -> Supernet:
    """A supernet for TE-NAS's linear regions, ours: one cell of one channel on images ``(B, 1, H, W)``."""
    return Supernet(space, nn.Identity(), [CellChoices(space, 1, 1)], classifier(space.blocks + 1, classes))


def _stem_and_cells(
    space: NB1Shot1, size: Size, image_channels: int
) -> tuple[nn.Module, list[nn.Module], int]:
    """Stem and stacks of a supernet, and the channels of the last cell's output."""
    channels = size.supernet_channels
    stem, inputs = conv_bn_relu(image_channels, channels, 3), channels
    body: list[nn.Module] = []
    for stack in range(STACKS):
        if stack:
            body.append(nn.MaxPool2d(2, padding=1))
            channels *= 2
        for _ in range(size.cells):
            body.append(CellChoices(space, inputs, channels))
            inputs = channels * (space.blocks + 1)
    return stem, body, inputs


def parameter_count(space: NB1Shot1, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: those of stem and linear layer, and those of every cell."""
    costs = _stack_costs(space.cell(arch), size)
    last = size.channels * 2 ** (STACKS - 1)
    cells = sum(weights + 2 * normalised for weights, normalised in costs)
    return (27 + 2) * size.channels + cells + (last + 1) * classes


def flop_count(space: NB1Shot1, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`: those of stem and linear layer, and those of every cell."""
    costs = _stack_costs(space.cell(arch), size)
    last = size.channels * 2 ** (STACKS - 1)
    cells = sum(weights * (image_size // 2**stack) ** 2 for stack, (weights, _) in enumerate(costs))
    return 27 * size.channels * image_size**2 + cells + last * classes


def table_flops(space: NB1Shot1, arch: Architecture) -> int:
    """NAS-Bench-101 lists no FLOPs: raises :class:`~harness.errors.ConfigError`."""
    raise ConfigError(
        f"The table of {space.name} lists no FLOPs, because NAS-Bench-101 does not; "
        "count_flops(network, 32) counts those of a network."
    )


@lru_cache(2**16)
def _stack_costs(graph: Graph, size: Size) -> tuple[tuple[int, int], ...]:
    """For every stack the convolutions' weights and the normalised channels, over all of its cells."""
    costs, channels = [], size.channels
    for stack in range(STACKS):
        wide = size.channels * 2**stack
        first, other = cell_costs(graph, channels, wide), cell_costs(graph, wide, wide)
        costs.append((first[0] + (size.cells - 1) * other[0], first[1] + (size.cells - 1) * other[1]))
        channels = wide
    return tuple(costs)
