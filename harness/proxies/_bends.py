"""What activations and poolings do to derivatives of their operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def _relu(derivative: Tensor, result: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward(derivative, result.detach(), 0)


def _relu6(derivative: Tensor, result: Tensor) -> Tensor:
    return torch.ops.aten.hardtanh_backward(derivative, result.detach(), 0, 6)


def _max_pool2d(derivative: Tensor, x: Tensor, *settings: Any) -> Tensor:
    largest, places = F.max_pool2d(x.detach(), *settings, return_indices=True)
    return derivative.flatten(2).gather(2, places.flatten(2)).view_as(largest)


BENT: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    F.relu: _relu,
    F.relu6: _relu6,
    F.max_pool2d: _max_pool2d,
}
"""Functions that are linear in pieces, with the derivative of what they hand out."""


def _sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    y = x.sigmoid()
    slope = y * (1 - y)
    return slope, slope * (1 - 2 * y)


def _silu(x: Tensor) -> tuple[Tensor, Tensor]:
    y = x.sigmoid()
    first, second = _sigmoid(x)
    return y + x * first, 2 * first + x * second


def _hardsigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return (x.abs() < 3).to(x.dtype) / 6, torch.zeros_like(x)


def _hardswish(x: Tensor) -> tuple[Tensor, Tensor]:
    bent = (x.abs() < 3).to(x.dtype)
    return bent * (2 * x + 3) / 6 + (x >= 3).to(x.dtype), bent / 3


SMOOTH: dict[Callable[..., Tensor], Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    torch.sigmoid: _sigmoid,
    Tensor.sigmoid: _sigmoid,
    F.silu: _silu,
    F.hardsigmoid: _hardsigmoid,
    F.hardswish: _hardswish,
}
"""Gates, and activations that are no ReLU, with their first and second derivatives."""
