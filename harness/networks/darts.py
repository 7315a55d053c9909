"""DARTS's networks and supernets, for CIFAR and for ImageNet.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019; sizes and shapes are those of
the authors' code, quark0/darts, which Zero-Cost-PT and DARTS-PT use unchanged. A stem, normal cells,
reduction cells at one third and two thirds of the depth, where the channels double, the mean over all pixels
and a linear layer. Each cell reads the outputs of the two before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain

from torch import nn

from harness.errors import ConfigError
from harness.families.darts import Size
from harness.networks._blocks import Conv2d, Linear, classifier
from harness.networks._darts import (
    Cell,
    CellChoices,
    CellNetwork,
    DropPath,
    Layer,
    Stem,
    binarised_parts_of,
    operation,
    projections,
)  # fmt: skip
from harness.networks._supernet import Supernet
from harness.spaces import Architecture
from harness.spaces._darts import Darts

INIT = "pytorch"
"""The authors' model class leaves PyTorch's default initialisation."""
SUPERNET_INIT = "pytorch"
RELEASED_MASKING = "drop"
"""Zero-Cost-PT's released code does not run a candidate of weight 0 (``sota/cnn``)."""
RELEASED_COUNTING = "as_released"
"""It counts the input of every ``ReLUConvBN``, which are projections of cells' inputs, beside the ReLU's."""

STEM_MULTIPLIER = 3


def trained_size(image_size: int) -> Size:
    """The size that genotypes are trained in: that of CIFAR-10, or from 64 pixels on that of ImageNet."""
    return Size(48, 14, imagenet=True) if image_size >= 64 else Size(36, 20)


class DartsSupernet(Supernet):
    """A supernet whose cells read the outputs of the two before them."""

    network = CellNetwork


def network(space: Darts, arch: Architecture, size: Size, classes: int) -> CellNetwork:
    """The stand-alone network of ``arch``, without an auxiliary head; weights are not drawn yet."""
    return evaluation_network(space, arch, size, classes)


def evaluation_network(
    space: Darts,
    arch: Architecture,
    size: Size,
    classes: int,
    auxiliary: bool = False,
    drop_path: float = 0.0,
) -> CellNetwork:
    """The network that DARTS trains ``arch`` as; weights are not drawn yet.

    Parameters
    ----------
    space, arch, size, classes
        As for :func:`harness.networks.build`.
    auxiliary
        Whether in training mode ``(logits, auxiliary logits)`` are returned, the latter of a head behind the
        second reduction cell. It takes images of 32x32 pixels, those of ImageNet of 224x224.
    drop_path
        Probability that a sample loses the output of an operation, identities aside, in training mode. Where
        it is 0 there is no such layer; :class:`DropPath` has it as ``probability``, to raise by epochs.
    """
    cells = space.cells(space.normalise(arch))
    layers = layout(size, 1 if size.imagenet else STEM_MULTIPLIER)
    body = []
    for layer in layers:
        edges = {}
        for node, pairs in enumerate(cells[layer.reduction], start=2):
            for name, predecessor in pairs:
                made = operation(name, layer.channels, layer.stride(predecessor))
                if drop_path and not isinstance(made, nn.Identity):
                    made = nn.Sequential(made, DropPath(drop_path))
                edges[f"{node}<-{predecessor}"] = made
        body.append(Cell(projections(layer), edges, layer.reduction))
    head = classifier(4 * layers[-1].channels, classes)
    after = 2 * size.layers // 3
    second = _auxiliary(4 * layers[after].channels, classes, size.imagenet) if auxiliary else None
    return CellNetwork(_stem(size, layers[0]), body, head, second, after)


def supernet(space: Darts, size: Size, classes: int, image_channels: int = 3) -> Supernet:
    """The supernet of DARTS's search; weights are not drawn yet.

    Its cells' normalisations have no weight and bias; a pooling has one too. The stem's three times as many
    channels as a node are also ImageNet's, where Zero-Cost-PT's code has them so.
    """
    return _supernet(space, size, classes, image_channels, affine=False)


def partial_supernet(space: Darts, size: Size, classes: int, sampling: int) -> Supernet:
    """PC-DARTS's: the supernet of which an edge's operations read one in ``sampling`` channels."""
    return _supernet(space, size, classes, 3, affine=False, sampling=sampling)


def binarised_parts(network: CellNetwork | Supernet) -> Iterator[nn.Module]:
    """What holds the convolutions that may be binary, of a network or a supernet: see the cells'."""
    cells = (part for part in network.body if isinstance(part, Cell | CellChoices))
    return chain.from_iterable(map(binarised_parts_of, cells))


def ntk_supernet(space: Darts, classes: int) -> Supernet:
    """A supernet for TE-NAS's tangent kernel, ours: three cells of 2 channels, weights in normalisations.

    As in the authors' code, and not in DARTS's networks, the last cell is followed by a normalisation and a
    ReLU. Without them every node is a sum of normalised maps, so that the logits of a batch have the same sum
    whatever the weights are, and the kernel has the eigenvalue 0.
    """
    supernet = _supernet(space, Size(2, 3), classes, 3, affine=True)
    supernet.head = _te_nas_head(layout(Size(2, 3), STEM_MULTIPLIER)[-1], classes)
    return supernet


def _te_nas_head(last: Layer, classes: int) -> nn.Module:
    return classifier(4 * last.channels, classes, nn.BatchNorm2d(4 * last.channels), nn.ReLU())


def regions_supernet(space: Darts, classes: int) -> Supernet:
    """A supernet for TE-NAS's linear regions, ours: three cells on images ``(B, 1, H, W)``, no stem."""
    layers = layout(Size(2, 3), 1)
    first = Layer(1, 1, *_shape(layers[0]))
    second = Layer(1, layers[1].last, *_shape(layers[1]))
    body = [CellChoices(space, layer) for layer in (first, second, *layers[2:])]
    return DartsSupernet(space, Stem(nn.Identity(), nn.Identity()), body, _te_nas_head(layers[-1], classes))


def _shape(layer: Layer) -> tuple[int, bool, bool]:
    return layer.channels, layer.reduction, layer.after_reduction


def _supernet(
    space: Darts, size: Size, classes: int, image_channels: int, affine: bool, sampling: int = 1
) -> Supernet:
    layers = layout(size, STEM_MULTIPLIER)
    return DartsSupernet(
        space,
        _stem(size, layers[0], image_channels),
        [CellChoices(space, layer, affine, sampling) for layer in layers],
        classifier(4 * layers[-1].channels, classes),
    )


@cache
def layout(size: Size, stem_multiplier: int) -> tuple[Layer, ...]:
    """The cells one after the other; the stem has ``stem_multiplier`` times a node's channels."""
    before = last = stem_multiplier * size.channels
    channels, after_reduction, made = size.channels, size.imagenet, []
    for place in range(size.layers):
        reduction = place in (size.layers // 3, 2 * size.layers // 3)
        channels *= 2 if reduction else 1
        made.append(Layer(before, last, channels, reduction, after_reduction))
        before, last, after_reduction = last, 4 * channels, reduction
    return tuple(made)


def _stem(size: Size, first: Layer, image_channels: int = 3) -> Stem:
    channels = first.last
    if not size.imagenet:
        return Stem(nn.Sequential(*_conv_bn(image_channels, channels, 1)), nn.Identity())
    half = channels // 2
    stem = [*_conv_bn(image_channels, half, 2), nn.ReLU(), *_conv_bn(half, channels, 2)]
    return Stem(nn.Sequential(*stem), nn.Sequential(nn.ReLU(), *_conv_bn(channels, channels, 2)))


def _conv_bn(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs)]


def _auxiliary(channels: int, classes: int, imagenet: bool) -> nn.Module:
    """DARTS's; ImageNet's last normalisation is left out by a slip that every repository keeps."""
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, 2 if imagenet else 3, count_include_pad=False),
        Conv2d(channels, 128, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        Conv2d(128, 768, 2, bias=False),
        *([] if imagenet else [nn.BatchNorm2d(768)]),
        nn.ReLU(),
        nn.Flatten(),
        Linear(768, classes),
    )


def parameter_count(space: Darts, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: those of stem and linear layer, and those of every cell."""
    cells = space.cells(space.normalise(arch))
    layers = layout(size, 1 if size.imagenet else STEM_MULTIPLIER)
    total = _stem_parameters(size, layers[0].last) + (4 * layers[-1].channels + 1) * classes
    for layer in layers:
        total += (layer.before + layer.last + 4) * layer.channels
        for name, predecessor in _pairs(cells[layer.reduction]):
            weights, normalised = _weights(name, layer, predecessor)
            total += weights + 2 * normalised
    return total


def flop_count(space: Darts, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`: those of stem and linear layer, and those of every cell."""
    cells = space.cells(space.normalise(arch))
    layers = layout(size, 1 if size.imagenet else STEM_MULTIPLIER)
    side = image_size // 8 if size.imagenet else image_size
    total = _stem_flops(size, layers[0].last, image_size) + 4 * layers[-1].channels * classes
    for layer in layers:
        total += (layer.before + layer.last) * layer.channels * side**2
        side = -(-side // 2) if layer.reduction else side
        total += side**2 * sum(
            _weights(name, layer, predecessor)[0] for name, predecessor in _pairs(cells[layer.reduction])
        )
    return total


def table_flops(space: Darts, arch: Architecture) -> int:
    """Nobody lists FLOPs of this space: raises :class:`~harness.errors.ConfigError`."""
    raise ConfigError(
        f"No benchmark of {space.name} lists FLOPs; count_flops(network, 32) counts those of a network."
    )


def _pairs(cell: tuple[tuple[tuple[str, int], ...], ...]) -> Iterator[tuple[str, int]]:
    return (pair for node in cell for pair in node)


@cache
def _weights(name: str, layer: Layer, predecessor: int) -> tuple[int, int]:
    """Weights of an operation's convolutions, each used once per pixel put out; its normalised channels."""
    c, (kind, _, size) = layer.channels, name.rpartition("_")
    if name == "skip_connect" and layer.stride(predecessor) == 2:
        return c * c, c
    if kind not in ("sep_conv", "dil_conv"):
        return 0, 0
    half, times = int(size[0]) ** 2 * c + c * c, 2 if kind == "sep_conv" else 1
    return times * half, times * c


def _stem_parameters(size: Size, channels: int) -> int:
    if not size.imagenet:
        return (27 + 2) * channels
    half = channels // 2
    return (27 + 2) * half + (9 * half + 2) * channels + (9 * channels + 2) * channels


def _stem_flops(size: Size, channels: int, image_size: int) -> int:
    if not size.imagenet:
        return 27 * channels * image_size**2
    half = channels // 2
    large, middle, small = ((image_size // 2**step) ** 2 for step in (1, 2, 3))
    return 27 * half * large + 9 * half * channels * middle + 9 * channels * channels * small
