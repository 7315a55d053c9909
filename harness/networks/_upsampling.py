"""Cells that double the resolution: interpolation or rearranged channels, with a convolution.

Chen, Gao, Robb and Huang, "NAS-DIP: Learning Deep Image Prior with Neural Architecture Search", ECCV 2020
(``NAS/operations.py`` of the authors' code). Convolutions have no bias, transposed ones do; the activation
follows either part. A cell has as many channels behind it as before.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from harness.networks._blocks import Conv2d, ConvTranspose2d
from harness.networks._skip_network import SLOPE, enlarged
from harness.spaces.nas_dip_cells import UpsamplingCell

PARTS = 4
"""How many groups of channels ``split_stack_sum`` adds up, and how many pixels one becomes."""


class Bicubic(nn.Module):
    """Twice the resolution, bicubically.

    By products with constants, since PyTorch's own has no deterministic gradient on a GPU.
    """

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to ``(B, C, 2 H, 2 W)``."""
        rows, columns = (_interpolating(size, inputs) for size in inputs.shape[-2:])
        higher = torch.einsum("ih,bchw->bciw", rows, inputs)
        return torch.einsum("jw,bciw->bcij", columns, higher)


def _interpolating(size: int, like: torch.Tensor) -> torch.Tensor:
    """The matrix (2 ``size``, ``size``) that interpolates a column."""
    columns = torch.eye(size, dtype=like.dtype, device=like.device)[None, None]
    return F.interpolate(columns, size=(2 * size, size), mode="bicubic", align_corners=False)[0, 0]


class Bilinear(nn.Module):
    """Twice the resolution, bilinearly."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to ``(B, C, 2 H, 2 W)``."""
        height, width = inputs.shape[-2:]
        return enlarged(inputs, torch.Size((2 * height, 2 * width)))


class SplitStackSum(nn.Module):
    """The sum of four groups of channels, then a convolution."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.convolution = _same(inputs // PARTS, outputs, kernel)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H, W)``."""
        return self.convolution(inputs.unflatten(1, (PARTS, -1)).sum(1))


def upsampling(cell: UpsamplingCell, channels: int) -> nn.Sequential:
    """The module of ``cell``: ``(B, C, H, W)`` to ``(B, C, 2 H, 2 W)``; C is a multiple of 16."""
    kernel, padding = cell.kernel, cell.kernel // 2
    if cell.resizing == "transposed_conv":
        doubling = ConvTranspose2d(channels, channels, kernel, 2, padding, output_padding=1)
        return nn.Sequential(doubling, *_activation(cell))
    resizing = [_RESIZINGS[cell.resizing](), *_activation(cell)]
    if cell.convolution == "identity":
        return nn.Sequential(*resizing)
    inputs, outputs = widths(cell, channels)
    convolution = [*_convolution(cell.convolution, inputs, outputs, kernel), *_activation(cell)]
    first, second = (convolution, resizing) if outputs > channels else (resizing, convolution)
    return nn.Sequential(*first, *second)


def widths(cell: UpsamplingCell, channels: int) -> tuple[int, int]:
    """Channels before and behind the convolution of ``cell``."""
    if cell.resizing == "pixel_shuffle":
        return channels // PARTS, channels
    return channels, channels * PARTS if cell.resizing == "conv_pixel_shuffle" else channels


def cell_weights(cell: UpsamplingCell, channels: int) -> tuple[int, int]:
    """Weights of the convolutions of ``cell``, each used once per pixel, and biases.

    Pixels are those of what comes out, or where the convolution stands before the doubling of what goes in.
    """
    area = cell.kernel**2
    if cell.convolution == "identity":
        return (area * channels**2, channels) if cell.kernel else (0, 0)
    inputs, outputs = widths(cell, channels)
    whole = area * inputs * outputs
    return {
        "conv": (whole, 0),
        "trans_conv": (whole, outputs),
        "split_stack_sum": (whole // PARTS, 0),
        "sep_conv": (area * inputs + inputs * outputs, 0),
        "depth_wise_conv": (area * outputs, 0),
    }[cell.convolution]


_RESIZINGS: dict[str, Callable[[], nn.Module]] = {
    "bilinear": Bilinear,
    "bicubic": Bicubic,
    "nearest": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
    "pixel_shuffle": lambda: nn.PixelShuffle(2),
    "conv_pixel_shuffle": lambda: nn.PixelShuffle(2),
}


def _convolution(name: str, inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    """What keeps the resolution.

    A depthwise convolution takes each channel by itself. As released it has as many groups as outputs, which
    cannot be beside pixel shuffling, where there are fewer inputs.
    """
    if name == "trans_conv":
        return [ConvTranspose2d(inputs, outputs, kernel, padding=kernel // 2)]
    if name == "split_stack_sum":
        return [SplitStackSum(inputs, outputs, kernel)]
    if name == "sep_conv":
        return [_same(inputs, inputs, kernel, groups=inputs), _same(inputs, outputs, 1)]
    return [_same(inputs, outputs, kernel, groups=inputs if name == "depth_wise_conv" else 1)]


def _same(inputs: int, outputs: int, kernel: int, groups: int = 1) -> Conv2d:
    return Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)


def _activation(cell: UpsamplingCell) -> list[nn.Module]:
    if cell.activation == "none":
        return []
    return [nn.ReLU() if cell.activation == "relu" else nn.LeakyReLU(SLOPE)]
