"""Sums over the layers of a network, read from the device once."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def numbers(scalars: Iterable[Tensor]) -> list[float]:
    """The numbers of tensors without dimensions, which all lie on one device, in one transfer.

    A GPU stands still while the CPU waits for a number of it: once per network, not once per layer.
    """
    found = list(scalars)
    return torch.stack(found).tolist() if found else []


def total(scalars: Iterable[Tensor]) -> float:
    """The exactly rounded sum of :func:`numbers`; 0 of none."""
    return math.fsum(numbers(scalars))
