"""Networks that draw in their forward pass, in training mode or always."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from tests.zoo._parts import WIDTH, block, classifier, conv, head, module

NORM, RELU = nn.BatchNorm2d, nn.ReLU


def drop_path(keeps: Callable[[Tensor], object]) -> nn.Module:
    """Residual branches that are left out by chance in training mode."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        for branch in self.branches:
            x = x + (branch(x) * keeps(x) if self.training else branch(x))
        return x

    return nn.Sequential(block(3), module(forward, branches=nn.ModuleList([block(), block()])), classifier())


def by_sample(x: Tensor) -> Tensor:
    return torch.empty(len(x), 1, 1, 1, dtype=x.dtype).bernoulli_(0.6) / 0.6


def skips(draw: Callable[[], float]) -> nn.Module:
    """A branch that does not run at all where the draw says so."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x if self.training and draw() < 0.5 else x + self.branch(x)

    return nn.Sequential(block(3), *(module(forward, branch=block()) for _ in range(3)), classifier())


def noise(self: nn.Module, x: Tensor) -> Tensor:
    return x + 0.1 * torch.randn_like(x)


RANDOM: dict[str, Callable[[], nn.Module]] = {
    "dropout": lambda: head(NORM(WIDTH), RELU(), nn.Dropout(0.3), conv(), nn.Dropout2d(0.2), RELU()),
    "dropout in a transformer": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 2, 2),
        nn.Flatten(2),
        module(lambda self, x: x.transpose(1, 2)),
        nn.TransformerEncoderLayer(8, 2, 16, 0.1, batch_first=True),
        module(lambda self, x: x.mean(1)),
        nn.Linear(8, 5),
    ),
    "random slopes": lambda: head(NORM(WIDTH), nn.RReLU(), conv(), RELU()),
    "drop path": lambda: drop_path(by_sample),
    "drop path by torch": lambda: skips(lambda: torch.rand(1).item()),
    "drop path by random": lambda: skips(random.random),
    "drop path by NumPy": lambda: skips(np.random.random),
    "noise always": lambda: head(NORM(WIDTH), module(noise), RELU(), conv(), RELU()),
}
"""In evaluation mode only the last one draws."""
