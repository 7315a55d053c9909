"""Inverted residuals, the blocks that MobileNetV2 and its successors are made of.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018; squeeze-and-excitation
(Hu, Shen and Sun, CVPR 2018) stands where Tan et al., "MnasNet", CVPR 2019, have it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from harness.networks._blocks import Conv2d

Activation = Callable[[], nn.Module]


@dataclass(frozen=True)
class Block:
    """The shape of an inverted residual.

    Attributes
    ----------
    inputs, outputs
        Channels of what it takes and of what it puts out.
    expansion
        Inner channels per channel of the input.
    kernel, stride
        Of the depthwise convolution, in pixels; the kernel is odd.
    squeeze
        Channels that its squeeze-and-excitation squeezes the inner ones to; 0 without one.
    """

    inputs: int
    outputs: int
    expansion: int
    kernel: int
    stride: int = 1
    squeeze: int = 0

    @property
    def hidden(self) -> int:
        """Inner channels."""
        return self.inputs * self.expansion

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output: at stride 1, where both have as many channels."""
        return self.stride == 1 and self.inputs == self.outputs

    @property
    def parameters(self) -> int:
        """Of :class:`MBConv`: weights, two numbers per normalised channel, biases of the squeezing."""
        widen = (self.inputs + 2) * self.hidden if self.expansion > 1 else 0
        excite = 2 * self.hidden * self.squeeze + (self.hidden + self.squeeze if self.squeeze else 0)
        return widen + (self.kernel**2 + 2) * self.hidden + excite + (self.hidden + 2) * self.outputs

    def flops(self, side: int) -> int:
        """Multiply-accumulates of :class:`MBConv` for one image of ``side`` pixels in height and width."""
        widen = self.inputs * self.hidden * side**2 if self.expansion > 1 else 0
        pixels = strided(side, self.stride) ** 2
        return widen + (self.kernel**2 + self.outputs) * self.hidden * pixels + 2 * self.hidden * self.squeeze


def strided(side: int, stride: int) -> int:
    """Height or width behind an odd kernel that pads by half of itself, in pixels: rounded up."""
    return -(-side // stride)


class SqueezeExcitation(nn.Module):
    """Each channel times a gate, made of the means of all: ``x gate(W2 act(W1 mean(x) + b1) + b2)``."""

    def __init__(self, channels: int, squeeze: int, activation: Activation, gate: Activation) -> None:
        super().__init__()
        self.gates = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            Conv2d(channels, squeeze, 1),
            activation(),
            Conv2d(squeeze, channels, 1),
            gate(),
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Input and output ``(B, channels, H, W)``."""
        return inputs * self.gates(inputs)


class MBConv(nn.Module):
    """Widen, convolve each channel by itself, squeeze and excite, project; plus the input.

    The first and the last are 1x1 convolutions; every convolution but those of squeeze-and-excitation is
    without bias and normalised, all but the last activated. At expansion 1 nothing is widened, without a
    squeeze nothing excited, and the input is added where ``block.residual``.

    Parameters
    ----------
    block
        The shape.
    activation, gate
        Make the module behind a normalisation and within squeeze-and-excitation, and the one at the end
        of the latter.
    eps
        Of the normalisations.
    """

    def __init__(
        self,
        block: Block,
        activation: Activation = nn.ReLU,
        gate: Activation = nn.Sigmoid,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        hidden = block.hidden
        self.widen: nn.Module = nn.Identity()
        if block.expansion > 1:
            self.widen = nn.Sequential(*conv_bn(block.inputs, hidden, 1, eps=eps), activation())
        self.depthwise = nn.Sequential(
            *conv_bn(hidden, hidden, block.kernel, block.stride, groups=hidden, eps=eps), activation()
        )
        self.excite: nn.Module = nn.Identity()
        if block.squeeze:
            self.excite = SqueezeExcitation(hidden, block.squeeze, activation, gate)
        self.project = nn.Sequential(*conv_bn(hidden, block.outputs, 1, eps=eps))
        self.residual = block.residual

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``, rounded up."""
        outputs = self.project(self.excite(self.depthwise(self.widen(inputs))))
        return outputs + inputs if self.residual else outputs


def conv_bn(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, eps: float = 1e-5
) -> tuple[nn.Module, nn.Module]:
    """Convolution without bias that pads by half of its odd kernel, and batch normalisation."""
    convolution = Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return convolution, nn.BatchNorm2d(outputs, eps=eps)
