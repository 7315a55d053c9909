"""Layers and shapes of network that several families are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

import torch
from torch import nn

from harness.released import block_input


class Conv2d(nn.Conv2d):
    """A convolution whose weights are left empty at construction, so that no global generator is drawn from.

    :func:`harness.networks._weights.draw` fills them.
    """

    def reset_parameters(self) -> None:
        """Leave the weights to ``draw``."""


class ConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution whose weights are left empty at construction, for the same reason."""

    def reset_parameters(self) -> None:
        """Leave the weights to ``draw``."""


class Linear(nn.Linear):
    """A linear layer whose weights are left empty at construction, for the same reason."""

    def reset_parameters(self) -> None:
        """Leave the weights to ``draw``."""


class Drawing(nn.Module):
    """A layer that draws random numbers from generators of its own.

    ``seed`` is a buffer, so that a copy and a checkpoint go on where it stood; ``draw`` fills it.
    """

    seed: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seed", torch.zeros((), dtype=torch.int64))

    def generator(self) -> torch.Generator:
        """The generator of this pass, on the CPU: in training mode another one in every pass."""
        if self.training:
            self.seed += 1
        return torch.Generator().manual_seed(int(self.seed))


class Network(nn.Module):
    """``stem``, then the layers of ``body`` one after the other, then ``head``: images to logits."""

    def __init__(self, stem: nn.Module, body: Iterable[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.stem = stem
        self.body = nn.Sequential(*body)
        self.head = head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images ``(B, 3, H, W)`` to logits ``(B, classes)``."""
        return self.head(self.body(self.stem(images)))


def add(terms: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sum of one or more tensors, from the first to the last."""
    return reduce(torch.add, terms)


class ReLUConvBN(nn.Sequential):
    """ReLU, convolution without bias, batch normalisation; the resolution is kept at stride 1.

    The code released with Zero-Cost-PT has a block of this name, whose input its NASWOT counts beside the
    ReLU's (:func:`harness.released.block_input`).
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, affine: bool = True) -> None:
        super().__init__(
            nn.ReLU(),
            Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, affine=affine),
        )

    def forward(self, inputs: torch.Tensor, on_zeros: bool = False) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``.

        ``on_zeros`` runs it on ``0 inputs``, which the released code does inside of the block too: there the
        block's input counts as it is handed in, and the ReLU's is 0.
        """
        inputs = block_input(inputs)
        return super().forward(inputs * 0.0 if on_zeros else inputs)


def conv_bn_relu(inputs: int, outputs: int, kernel: int, momentum: float = 0.1) -> nn.Sequential:
    """Convolution without bias that keeps the resolution, batch normalisation, ReLU."""
    return nn.Sequential(
        Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, momentum=momentum),
        nn.ReLU(),
    )


def classifier(channels: int, classes: int, *before: nn.Module) -> nn.Sequential:
    """The layers ``before``, the mean over all pixels, a linear layer with bias."""
    return nn.Sequential(*before, nn.AdaptiveAvgPool2d(1), nn.Flatten(), Linear(channels, classes))
