"""Sums over the layers of a network, read from the device once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from harness.proxies._outcome import exact_sum


def numbers(scalars: Iterable[Tensor]) -> list[float]:
    """The numbers of tensors without dimensions, which all lie on one device, in one transfer.

    A GPU stands still while the CPU waits for a number of it: once per network, not once per layer.
    """
    found = list(scalars)
    return torch.stack(found).tolist() if found else []


def total(scalars: Iterable[Tensor]) -> float:
    """:func:`~harness.proxies._outcome.exact_sum` of :func:`numbers`; 0 of none."""
    return exact_sum(numbers(scalars))
