"""ReLUs, maxima and sums of bfloat16 numbers by their bits, for which torch takes longer than for float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs import _halves_loops as loops
from harness.graphs._halves_loops import Halves
from harness.graphs._operations import average_3x3, beside_averages, maximum_3x3, weighted_sum

LEAST = 2**14
"""Numbers from which on a loop takes less time than torch, with what it takes to begin one."""


def by_bits(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """What to run in the place of ``function`` on bfloat16 numbers on a CPU.

    Results are the same; where numbers are added up it is as float32, and they are rounded once.
    """
    return _BY_BITS.get(function, function)


def _relu(x: Tensor) -> Tensor:
    if not _dense(x):
        return F.relu(x)
    found = torch.empty_like(x)
    loops.rectified(_bits(x), _bits(found))
    return found


def _relu_(x: Tensor) -> Tensor:
    if not _dense(x):
        return torch.relu_(x)
    loops.rectify(_bits(x))
    return x


def _maximum_3x3(x: Tensor) -> Tensor:
    if not (_is_map(x) and _dense(x)):
        return maximum_3x3(x)
    found = torch.empty_like(x)
    loops.maximum_neighbours(_maps(x), _maps(found))
    return found


def _average_3x3(x: Tensor) -> Tensor:
    return _weighted_sum((x,), (False,), (0.0,), (1.0,)) if _is_map(x) and _dense(x) else average_3x3(x)


def _batch_norm(
    x: Tensor,
    mean: Tensor | None,
    variance: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    """With the batch's own statistics, which the running ones are not told of."""
    if not (training and _is_map(x) and _dense(x)):
        return F.batch_norm(x, mean, variance, weight, bias, training, momentum, eps)
    found = torch.empty_like(x)
    statistics = np.empty((2, x.shape[1]))
    loops.moments(_maps(x), statistics)
    with np.errstate(all="ignore"):  # of maps that are no numbers
        factor = (1.0 if weight is None else weight.detach().numpy()) / np.sqrt(statistics[1] + eps)
        shift = (0.0 if bias is None else bias.detach().numpy()) - statistics[0] * factor
    loops.multiply(_maps(x), factor.astype(np.float32), shift.astype(np.float32), _maps(found))
    return found


def _weighted_sum(
    values: Sequence[Tensor], rectified: Sequence[bool], centres: Sequence[float], averages: Sequence[float]
) -> Tensor:
    first = values[0]
    if not all(_is_map(value) and value.shape == first.shape for value in values) or not _dense(first):
        return weighted_sum(values, rectified, centres, averages)
    total = torch.empty_like(first)
    addresses = np.array([value.data_ptr() for value in values], np.uint64)
    relus = np.array(rectified)
    if any(averages):
        ratio, factors = beside_averages(centres, averages)
        shares = np.array([factors, averages], np.float32)
        loops.add_up_neighbours(addresses, relus, shares[0], shares[1], np.float32(ratio), _maps(total))
    else:
        loops.add_up(addresses, relus, np.array(centres, np.float32), _bits(total))
    return total


_BY_BITS: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    F.relu: _relu,
    torch.relu_: _relu_,
    maximum_3x3: _maximum_3x3,
    average_3x3: _average_3x3,
    F.batch_norm: _batch_norm,
    weighted_sum: _weighted_sum,
}


def _dense(x: Tensor) -> bool:
    """Whether the numbers are enough for a loop and lie side by side."""
    side_by_side = x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)
    return side_by_side and x.numel() >= LEAST


def _is_map(x: Tensor) -> bool:
    return x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)


def _maps(x: Tensor) -> Halves:
    """(samples, height, width, channels), in the memory of ``x``."""
    return x.permute(0, 2, 3, 1).view(torch.int16).numpy()


def _bits(x: Tensor) -> Halves:
    """In the order in which they lie in memory, and in that memory."""
    x = x if x.is_contiguous() else x.permute(0, 2, 3, 1)
    return x.view(torch.int16).view(-1).numpy()
