"""What the zoo's networks are put together from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

CLASSES = 5
WIDTH = 6


def module(forward: Callable[..., Tensor], **attributes: object) -> nn.Module:
    """A module of a class of its own with this ``forward(self, ...)``; parts are made in their order."""
    made = type(forward.__name__, (nn.Module,), {"forward": forward})()
    for name, attribute in attributes.items():
        setattr(made, name, attribute)
    return made


def head(*body: nn.Module, width: int = WIDTH, stem: nn.Module | None = None) -> nn.Sequential:
    """A convolution of the images, the body, the mean over the pixels and a classifier."""
    return nn.Sequential(stem or conv(3, width), *body, *classifier(width))


def classifier(width: int = WIDTH) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, CLASSES))


def conv(inputs: int = WIDTH, outputs: int = WIDTH, kernel: int = 3, **settings: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **{"padding": kernel // 2, **settings})


def block(inputs: int = WIDTH, outputs: int = WIDTH, kernel: int = 3, **settings: object) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs, kernel, **settings), nn.BatchNorm2d(outputs), nn.ReLU())


def plain() -> nn.Sequential:
    return head(nn.BatchNorm2d(WIDTH), nn.ReLU(), conv(), nn.BatchNorm2d(WIDTH), nn.ReLU())


def number(*shape: int) -> nn.Parameter:
    """A parameter drawn from N(0, 1)."""
    return nn.Parameter(torch.randn(*shape))
