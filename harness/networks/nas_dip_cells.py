"""Hourglasses of Chen et al.'s NAS-DIP: searched up-sampling cells and cross-scale connections.

Chen, Gao, Robb and Huang, "NAS-DIP: Learning Deep Image Prior with Neural Architecture Search", ECCV 2020; as
``models/cross_skip.py`` of the authors' code, with zeros around maps as there, and one width throughout as
their searched networks have. Five encoder stages halve the resolution by a convolution of stride 2; a stage
of the decoder reads the sum of what is below it, behind an up-sampling cell, and of what the pattern lets in.
To a lower resolution leads a chain of convolutions of stride 2, one for each halving, to a higher one a chain
of up-sampling cells, to the same a 1x1 convolution; chains that meet share their layers. Layers that the
pattern leaves unused are not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from harness.families.nas_dip_cells import Size
from harness.networks._blocks import Conv2d, Network, add, classifier
from harness.networks._skip_network import SkipNetwork, normalised, restoring
from harness.networks._upsampling import cell_weights, upsampling
from harness.spaces import Architecture
from harness.spaces.nas_dip_cells import SCALES, NasDipCells, UpsamplingCell

INIT = "pytorch"
"""That of the deep image prior's released code."""


@dataclass(frozen=True)
class Convolution:
    """A convolution with bias, and how often the resolution of what it puts out was halved."""

    inputs: int
    outputs: int
    kernel: int
    stride: int
    level: int

    @property
    def weights(self) -> int:
        """Entries of its weight."""
        return self.kernel**2 * self.inputs * self.outputs


@dataclass(frozen=True)
class Plan:
    """What a network is made of.

    Attributes
    ----------
    encoder, decoder
        Convolutions by stage, from the image inwards.
    across, down
        Where a pattern asks for them by resolution: the one that is kept, or the one that is halved.
    raised
        Resolutions that a chain of cells raises by one step, besides the decoder's own five.
    """

    encoder: tuple[tuple[Convolution, ...], ...]
    decoder: tuple[tuple[Convolution, ...], ...]
    across: dict[int, Convolution]
    down: dict[int, Convolution]
    raised: tuple[int, ...]

    def convolutions(self) -> Iterator[Convolution]:
        """All of them, cells aside."""
        for stage in (*self.encoder, *self.decoder):
            yield from stage
        yield from (*self.across.values(), *self.down.values())


def plan(space: NasDipCells, arch: Architecture, size: Size, inputs: int) -> Plan:
    """The layers of a network on so many channels."""
    width, feeds = size.channels, space.feeding_scales(arch)
    at = [inputs, *[width] * SCALES]
    pairs = [(source, target) for target, sources in enumerate(feeds) for source in sources]
    halved = {level for source, target in pairs for level in range(source, target)}
    raised = {level for source, target in pairs for level in range(target + 1, source + 1)}
    return Plan(
        tuple(
            (Convolution(at[level], width, 3, 2, level + 1), Convolution(width, width, 3, 1, level + 1))
            for level in range(SCALES)
        ),
        tuple(
            tuple(Convolution(width, width, kernel, 1, level) for kernel in (3, 3, 1))
            for level in range(SCALES)
        ),
        {
            source: Convolution(at[source], width, 1, 1, source)
            for source, target in pairs
            if source == target
        },
        {level: Convolution(at[level], width, 3, 2, level + 1) for level in sorted(halved)},
        tuple(sorted(raised)),
    )


class Hourglass(nn.Module):
    """The encoder down, the decoder up, and what crosses between them."""

    def __init__(self, made: Plan, feeds: tuple[tuple[int, ...], ...], cell: UpsamplingCell) -> None:
        super().__init__()
        width = made.decoder[0][0].outputs
        self.feeds = feeds
        self.encoder = nn.ModuleList(nn.Sequential(*_layers(stage)) for stage in made.encoder)
        self.decoder = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(width), *_layers(stage)) for stage in made.decoder
        )
        self.doubling = nn.ModuleList(upsampling(cell, width) for _ in made.decoder)
        self.across = _by_level(made.across)
        self.down = _by_level(made.down)
        self.up = nn.ModuleDict({str(level): upsampling(cell, width) for level in made.raised})

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, channels, H, W)``."""
        scales = [noise]
        for stage in self.encoder:
            scales.append(stage(scales[-1]))
        features = scales[-1]
        routes = [{source: scale} for source, scale in enumerate(scales)]
        for target in reversed(range(SCALES)):
            size = scales[target].shape[-2:]
            terms = [_cut(self.doubling[target](features), size)]
            terms += [self._brought(routes[source], source, target, scales) for source in self.feeds[target]]
            features = self.decoder[target](add(terms))
        return features

    def _brought(
        self, route: dict[int, torch.Tensor], source: int, target: int, scales: list[torch.Tensor]
    ) -> torch.Tensor:
        """What the encoder has at ``source`` at the resolution ``target``; ``route`` keeps what it passes."""
        if source == target:
            return self.across[str(source)](route[source])
        if target not in route:
            before = target - 1 if source < target else target + 1
            features = route[source] if before == source else self._brought(route, source, before, scales)
            if source < target:
                route[target] = self.down[str(before)](features)
            else:
                route[target] = _cut(self.up[str(before)](features), scales[target].shape[-2:])
        return route[target]


def _by_level(convolutions: dict[int, Convolution]) -> nn.ModuleDict:
    return nn.ModuleDict(
        {str(level): nn.Sequential(*_layers((each,))) for level, each in convolutions.items()}
    )


def _layers(convolutions: tuple[Convolution, ...]) -> Iterator[nn.Module]:
    for each in convolutions:
        made = Conv2d(each.inputs, each.outputs, each.kernel, each.stride, each.kernel // 2)
        yield from normalised(made)


def _cut(features: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """``features`` without a last row or column that a side of odd length does not have."""
    return features[..., : size[0], : size[1]]


def smallest_image(space: NasDipCells, size: Size) -> int:
    """Pixels of a side that leave the deepest convolutions 2 x 2.

    Fewer have no statistics that a normalisation of one image could take.
    """
    return 2 ** (SCALES + 1)


def restorer(space: NasDipCells, arch: Architecture, size: Size, inputs: int) -> nn.Module:
    """Noise ``(1, inputs, H, W)`` to an image ``(1, 3, H, W)`` in [0, 1]; weights are not drawn yet."""
    return restoring(_hourglass(space, arch, size, inputs), size.channels)


def classical_restorer(size: Size, inputs: int) -> nn.Module:
    """The classical deep image prior's network for the same, of as many scales and channels."""
    body = SkipNetwork(inputs, SCALES, size.channels)
    return restoring(body, body.channels)


def network(space: NasDipCells, arch: Architecture, size: Size, classes: int) -> Network:
    """The hourglass on images with a classifier behind it; weights are not drawn yet."""
    body = [_hourglass(space, arch, size, 3)]
    return Network(nn.Identity(), body, classifier(size.channels, classes))


def _hourglass(space: NasDipCells, arch: Architecture, size: Size, inputs: int) -> Hourglass:
    made = plan(space, arch, size, inputs)
    return Hourglass(made, space.feeding_scales(arch), space.cell(arch))


def parameter_count(space: NasDipCells, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: weights and biases, and two numbers for every normalised channel."""
    made, width = plan(space, arch, size, 3), size.channels
    total = sum(each.weights + 3 * each.outputs for each in made.convolutions())
    total += 2 * width * SCALES + (SCALES + len(made.raised)) * sum(cell_weights(space.cell(arch), width))
    return total + (width + 1) * classes


def flop_count(space: NasDipCells, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`; a layer counts as often as a pattern runs it."""
    made, width = plan(space, arch, size, 3), size.channels
    stages = [each for stage in (*made.encoder, *made.decoder) for each in stage]
    total = sum(each.weights * _pixels(image_size, each.level) for each in (*stages, *made.across.values()))
    cell, feeds = space.cell(arch), space.feeding_scales(arch)
    weights, _ = cell_weights(cell, width)
    doubled = list(range(1, SCALES + 1))
    for source in range(SCALES):
        targets = [target for target, sources in enumerate(feeds) if source in sources]
        for level in range(source, max(targets, default=source)):
            total += made.down[level].weights * _pixels(image_size, level + 1)
        doubled += range(min([*targets, source]) + 1, source + 1)
    before = cell.resizing in ("conv_pixel_shuffle", "transposed_conv")
    places = sum(_pixels(image_size, level) * (1 if before else 4) for level in doubled)
    return total + weights * places + width * classes


def _pixels(image_size: int, level: int) -> int:
    """Of a square image whose side was halved ``level`` times, odd ones rounded up."""
    return (-(-image_size // 2**level)) ** 2
