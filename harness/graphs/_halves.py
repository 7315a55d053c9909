"""ReLUs and maxima of bfloat16 numbers by their bits; torch takes longer for these than for float32's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._bits import MINUS_INFINITY
from harness.graphs._compiled import compiled
from harness.graphs._operations import maximum_3x3

LEAST = 2**14
"""Numbers from which on a loop takes less time than torch, with what it takes to begin one."""
_INFINITY = int(MINUS_INFINITY[torch.bfloat16])

Halves = npt.NDArray[np.int16]


def by_bits(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """What to run in the place of ``function`` on bfloat16 numbers on a CPU, with the same result."""
    return _BY_BITS.get(function, function)


def _relu(x: Tensor) -> Tensor:
    return _relu_(x.clone()) if _dense(x) else F.relu(x)


def _relu_(x: Tensor) -> Tensor:
    if not _dense(x):
        return torch.relu_(x)
    rectify(_bits(x))
    return x


def _maximum_3x3(x: Tensor) -> Tensor:
    """Of whole numbers in the same order, which torch compares in a quarter of the time."""
    if not _dense(x):
        return maximum_3x3(x)
    ordered = x.clone()
    order(_bits(ordered))
    found = maximum_3x3(ordered.view(torch.int16)).view(torch.bfloat16)
    order(_bits(found))
    return found


_BY_BITS: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    F.relu: _relu,
    torch.relu_: _relu_,
    maximum_3x3: _maximum_3x3,
}


def _dense(x: Tensor) -> bool:
    """Whether the numbers are enough for a loop and lie side by side."""
    side_by_side = x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)
    return side_by_side and x.numel() >= LEAST


def _bits(x: Tensor) -> Halves:
    """In the order in which they lie in memory, and in that memory."""
    x = x if x.is_contiguous() else x.permute(0, 2, 3, 1)
    return x.view(torch.int16).view(-1).numpy()


@compiled
def rectify(halves: Halves) -> None:
    """What is below 0 becomes 0; what is no number stays."""
    for place in range(len(halves)):
        half = halves[place]
        halves[place] = half if (half > 0) | ((half < 0) & (half > _INFINITY)) else 0


@compiled
def order(halves: Halves) -> None:
    """Numbers become whole ones that are in their order, and these become numbers again."""
    for place in range(len(halves)):
        half = halves[place]
        halves[place] = half ^ ((half >> 15) & 0x7FFF)
