"""NAS-DIP's encoder-decoders, and the classical deep image prior's network beside them.

Ho, Gilbert, Jin and Collomosse, "Neural Architecture Search for Deep Image Prior", Computers & Graphics 2021.
A stage is two convolutions, each with batch normalisation and a leaky ReLU, and where its bit says so a
residual connection around both. Behind an encoder stage the resolution is halved by max pooling, before a
decoder stage it is doubled bilinearly; a skip connection is a 1x1 convolution of an encoder stage's output,
brought to the decoder stage's resolution and concatenated. Networks that restore take noise and end in red,
green and blue; as any family's they also come with a classifier behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from harness.families.nas_dip import Size
from harness.networks._blocks import Conv2d, Network, classifier
from harness.networks._skip_network import SkipNetwork, enlarged, normalised, restoring
from harness.spaces import Architecture
from harness.spaces._nas_dip import NasDip, Stage

INIT = "pytorch"
"""That of the deep image prior's released code."""


@dataclass(frozen=True)
class Layer:
    """A stage's sizes, and the ``level`` it runs at: the resolution was halved so often."""

    inputs: int
    outputs: int
    kernel: int
    residual: bool
    level: int


@dataclass(frozen=True)
class Skip:
    """A skip connection from one level to another, with its channels in and out."""

    source: int
    target: int
    inputs: int
    outputs: int


class StageBlock(nn.Module):
    """Two convolutions, with a residual connection where the layer has one."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        parts = [(layer.inputs, layer.outputs), (layer.outputs, layer.outputs)]
        self.convolutions = nn.Sequential(
            *(
                each
                for inputs, outputs in parts
                for each in normalised(Conv2d(inputs, outputs, layer.kernel, padding=layer.kernel // 2))
            )
        )
        self.residual = layer.residual
        self.shortcut = Conv2d(layer.inputs, layer.outputs, 1) if _widens(layer) else nn.Identity()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H, W)``."""
        found = self.convolutions(inputs)
        return found + self.shortcut(inputs) if self.residual else found


class SkipConnection(nn.Module):
    """A 1x1 convolution at the lower of two resolutions."""

    def __init__(self, skip: Skip) -> None:
        super().__init__()
        self.halvings = max(0, skip.target - skip.source)
        self.convolution = nn.Sequential(*normalised(Conv2d(skip.inputs, skip.outputs, 1)))

    def forward(self, features: torch.Tensor, size: torch.Size) -> torch.Tensor:
        """An encoder stage's output as ``(B, outputs, *size)``."""
        for _ in range(self.halvings):
            features = F.avg_pool2d(features, 2, ceil_mode=True)
        features = self.convolution(features)
        return features if features.shape[-2:] == size else enlarged(features, size)


class EncoderDecoder(nn.Module):
    """The encoder stages down, the decoder stages up."""

    def __init__(self, encoders: list[Layer], decoders: list[Layer], skips: list[Skip]) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(map(StageBlock, encoders))
        self.decoders = nn.ModuleList(map(StageBlock, decoders))
        self.skips = nn.ModuleDict({f"{each.source}_{each.target}": SkipConnection(each) for each in skips})

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, channels of the first decoder stage, H, W)``."""
        features, outputs = inputs, []
        for encoder in self.encoders:
            outputs.append(encoder(features))
            features = F.max_pool2d(outputs[-1], 2, ceil_mode=True)
        for level in reversed(range(len(self.decoders))):
            size = outputs[level].shape[-2:]
            joined = [enlarged(features, size)]
            for source, output in enumerate(outputs):
                if (name := f"{source}_{level}") in self.skips:
                    joined.append(self.skips[name](output, size))
            features = self.decoders[level](torch.cat(joined, dim=1))
        return features


def layers(
    space: NasDip, arch: Architecture, size: Size, inputs: int
) -> tuple[list[Layer], list[Layer], list[Skip]]:
    """Encoder and decoder stages from the image inwards, and open skips, of a network on so many channels."""
    genome = space.read(arch)
    widths = [size.widths[stage.channels] for stage in genome.encoders]
    encoders = [
        _layer(stage, before, size, level)
        for level, (stage, before) in enumerate(zip(genome.encoders, [inputs, *widths], strict=False))
    ]
    skips = [
        Skip(source, target, widths[source], size.widths[channels])
        for (source, target), channels in sorted(genome.skips.items())
    ]
    below = [*(size.widths[stage.channels] for stage in genome.decoders[1:]), widths[-1]]
    decoders = [
        _layer(stage, below[level] + sum(s.outputs for s in skips if s.target == level), size, level)
        for level, stage in enumerate(genome.decoders)
    ]
    return encoders, decoders, skips


def _layer(stage: Stage, inputs: int, size: Size, level: int) -> Layer:
    outputs = size.widths[stage.channels]
    return Layer(inputs, outputs, size.sides[stage.kernel], stage.residual, level)


def smallest_image(space: NasDip, size: Size) -> int:
    """Pixels of a side that leave the deepest convolutions 2 x 2, of a genome's and of the classical network.

    Fewer have no statistics that a normalisation of one image could take.
    """
    return 2 ** max(space.units, size.scales + 1)


def restorer(space: NasDip, arch: Architecture, size: Size, inputs: int) -> nn.Module:
    """Noise ``(1, inputs, H, W)`` to an image ``(1, 3, H, W)`` in [0, 1]; weights are not drawn yet."""
    encoders, decoders, skips = layers(space, arch, size, inputs)
    return restoring(EncoderDecoder(encoders, decoders, skips), decoders[0].outputs)


def classical_restorer(size: Size, inputs: int) -> nn.Module:
    """The classical deep image prior's network for the same."""
    body = SkipNetwork(inputs, size.scales, size.width)
    return restoring(body, body.channels)


def network(space: NasDip, arch: Architecture, size: Size, classes: int) -> Network:
    """The encoder-decoder on images with a classifier behind it; weights are not drawn yet."""
    encoders, decoders, skips = layers(space, arch, size, 3)
    body = [EncoderDecoder(encoders, decoders, skips)]
    return Network(nn.Identity(), body, classifier(decoders[0].outputs, classes))


def parameter_count(space: NasDip, arch: Architecture, size: Size, classes: int) -> int:
    """Parameters of :func:`network`: weights and biases, and two numbers for every normalised channel."""
    encoders, decoders, skips = layers(space, arch, size, 3)
    stages = (*encoders, *decoders)
    total = sum(sum(_products(layer)) + (6 + _widens(layer)) * layer.outputs for layer in stages)
    total += sum((skip.inputs + 3) * skip.outputs for skip in skips)
    return total + (decoders[0].outputs + 1) * classes


def flop_count(space: NasDip, arch: Architecture, size: Size, classes: int, image_size: int) -> int:
    """Multiply-accumulates of :func:`network`."""
    encoders, decoders, skips = layers(space, arch, size, 3)
    total = decoders[0].outputs * classes
    total += sum(sum(_products(layer)) * _pixels(image_size, layer.level) for layer in (*encoders, *decoders))
    return total + sum(
        skip.inputs * skip.outputs * _pixels(image_size, max(skip.source, skip.target)) for skip in skips
    )


def _products(layer: Layer) -> Iterator[int]:
    """Weights of a stage's convolutions, one after the other."""
    yield layer.kernel**2 * layer.inputs * layer.outputs
    yield layer.kernel**2 * layer.outputs**2
    if _widens(layer):
        yield layer.inputs * layer.outputs


def _widens(layer: Layer) -> bool:
    return layer.residual and layer.inputs != layer.outputs


def _pixels(image_size: int, level: int) -> int:
    """Of a square image whose side was halved ``level`` times, odd ones rounded up."""
    return (-(-image_size // 2**level)) ** 2
