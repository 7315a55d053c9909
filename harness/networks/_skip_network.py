"""The network of the classical deep image prior, with which a restoration is compared."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from harness.networks._blocks import Conv2d

SKIP_CHANNELS = 4
SLOPE = 0.2
"""Of the leaky ReLUs."""


class Reflected(Conv2d):
    """A 3x3 convolution of an image that is continued by its reflection, by one pixel at each side.

    The continuation is made of slices, since PyTorch's own has no deterministic gradient on a GPU.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``, H and W of at least 2."""
        rows = torch.cat((inputs[..., 1:2, :], inputs, inputs[..., -2:-1, :]), dim=-2)
        return super().forward(torch.cat((rows[..., 1:2], rows, rows[..., -2:-1]), dim=-1))


class SkipNetwork(nn.Module):
    """An hourglass with narrow skip connections, all scales alike.

    Ulyanov, Vedaldi and Lempitsky, "Deep Image Prior", CVPR 2018: by scale two 3x3 convolutions down, the
    first of stride 2, bilinear up-sampling, a 3x3 and a 1x1 convolution up, and a 1x1 convolution of 4
    channels across; batch normalisation and leaky ReLUs behind each.

    Parameters
    ----------
    inputs
        Channels of the noise.
    scales, channels
        How often the resolution is halved; channels of all convolutions.
    """

    def __init__(self, inputs: int, scales: int, channels: int) -> None:
        super().__init__()
        widths = [inputs] + [channels] * (scales - 1)
        self.down = nn.ModuleList(
            nn.Sequential(
                *normalised(Reflected(width, channels, stride=2)), *normalised(Reflected(channels, channels))
            )
            for width in widths
        )
        self.across = nn.ModuleList(nn.Sequential(*normalised(Conv2d(w, SKIP_CHANNELS, 1))) for w in widths)
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(SKIP_CHANNELS + channels),
                *normalised(Reflected(SKIP_CHANNELS + channels, channels)),
                *normalised(Conv2d(channels, channels, 1)),
            )
            for _ in widths
        )
        self.channels = channels

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, channels, H, W)``."""
        features, across = noise, []
        for down, skip in zip(self.down, self.across, strict=True):
            across.append(skip(features))
            features = down(features)
        for up, skip in zip(self.up, reversed(across), strict=True):
            features = up(torch.cat((skip, enlarged(features, skip.shape[-2:])), dim=1))
        return features


def normalised(convolution: nn.Module) -> tuple[nn.Module, ...]:
    """A convolution, batch normalisation, leaky ReLU."""
    outputs: int = convolution.out_channels  # type: ignore[assignment]
    return convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)


def enlarged(features: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """``features`` at a higher resolution, bilinearly."""
    return F.interpolate(features, size=tuple(size), mode="bilinear", align_corners=False)


def restoring(body: nn.Module, channels: int) -> nn.Sequential:
    """``body``, of so many channels, a 1x1 convolution to red, green and blue, and a sigmoid."""
    return nn.Sequential(body, Conv2d(channels, 3, 1), nn.Sigmoid())
