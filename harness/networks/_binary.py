"""Convolutions with binary weights in place of real ones.

Rastegari, Ordonez, Redmon and Farhadi, "XNOR-Net: ImageNet Classification Using Binary Convolutional Neural
Networks", ECCV 2016, in the form of BNAS's released test code (``module/Conv_XNOR.py``): one scale for a
whole tensor, and real activations.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from harness.networks._blocks import Conv2d


def binarised(weight: torch.Tensor) -> torch.Tensor:
    r"""``alpha sign(W)`` with ``alpha = mean |W|`` over all n entries of ``weight``, of its shape; 0 stays 0.

    The gradient goes straight through, with the slope of XNOR-Net:

    .. math:: \partial L / \partial W_i = (1 / n + \alpha 1[|W_i| \le 1]) \, \partial L / \partial \tilde W_i

    Source: BNAS's ``Conv_XNOR``.
    """
    real = weight.detach()
    size = real.abs()
    scale = size.mean()
    along = (1 / weight.numel() + scale * (size <= 1)) * weight
    return scale * real.sign() + (along - along.detach())


class XnorConv2d(Conv2d):
    """``convolution`` with :func:`binarised` weights; the real ones, which it shares, are what is trained."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        own = convolution
        super().__init__(
            own.in_channels,
            own.out_channels,
            own.kernel_size,  # type: ignore[arg-type]
            own.stride,  # type: ignore[arg-type]
            own.padding,  # type: ignore[arg-type]
            own.dilation,  # type: ignore[arg-type]
            own.groups,
            bias=own.bias is not None,
        )
        self.weight, self.bias = own.weight, own.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """As the real convolution's."""
        return self._conv_forward(inputs, binarised(self.weight), self.bias)


def binarise(parts: Iterable[nn.Module]) -> None:
    """Put an :class:`XnorConv2d` in the place of every convolution below ``parts``."""
    for part in parts:
        for holder in list(part.modules()):
            for name, child in holder.named_children():
                if isinstance(child, nn.Conv2d):
                    setattr(holder, name, XnorConv2d(child))
