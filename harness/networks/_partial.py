"""Channel sampling of PC-DARTS: a mixed operation reads one of K parts of the channels."""

from __future__ import annotations

import torch
from torch import nn


class PartialChannels(nn.Module):
    """``operation`` on the first C / K channels, the others passed by, then all shuffled.

    Xu et al., "PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search", ICLR 2020.
    As in the authors' code the channels are the same in every step; shuffled, others come first further on.

    Parameters
    ----------
    operation
        Takes and returns C / K channels.
    sampling
        K, a divisor of C.
    stride
        Of the operation: 1, or 2, where what is passed by goes through a max-pooling of 2 x 2.
    """

    def __init__(self, operation: nn.Module, sampling: int, stride: int) -> None:
        super().__init__()
        self.operation, self.sampling = operation, sampling
        self.passing = nn.Identity() if stride == 1 else nn.MaxPool2d(2, 2, ceil_mode=True)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to ``(B, C, H / stride, W / stride)``, rounded up."""
        count = inputs.shape[1] // self.sampling
        taken, passed = inputs[:, :count], inputs[:, count:]
        joined = torch.cat([self.operation(taken), self.passing(passed)], 1)
        return joined.unflatten(1, (self.sampling, count)).transpose(1, 2).flatten(1, 2)

    def extra_repr(self) -> str:
        return f"sampling={self.sampling}"


def partial_channels(operation: nn.Module, sampling: int, stride: int = 1) -> nn.Module:
    """:class:`PartialChannels`, or ``operation`` itself where it reads all channels."""
    return operation if sampling == 1 else PartialChannels(operation, sampling, stride)
