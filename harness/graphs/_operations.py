"""Operations that stand in for slower ones of torch; those on 3x3 maps alone to the last bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F


def scale(x: Tensor, factor: float | Tensor) -> Tensor:
    """``x * factor``; the factor is one number, in a tensor or not, or one per channel, ``(1, C, 1, 1)``."""
    return x * factor


def gated(x: Tensor, gates: Tensor) -> Tensor:
    """Maps ``x`` of shape ``(B, C, H, W)`` times a number for each of their channels, ``(B, C, 1, 1)``."""
    return x * gates


def add_scaled(x: Tensor, other: Tensor, factor: float) -> Tensor:
    """``x + factor * other``, rounded once."""
    return torch.add(x, other, alpha=factor)


def maximum_3x3(x: Tensor) -> Tensor:
    """``F.max_pool2d(x, 3, 1, 1)``, by columns and then by rows: a maximum does not depend on the order.

    On one AVX-512 core in channels-last memory 1.3 to 3 times as fast as torch's kernel.
    """
    wide = x.clone()
    torch.maximum(wide[..., 1:], x[..., :-1], out=wide[..., 1:])
    torch.maximum(wide[..., :-1], x[..., 1:], out=wide[..., :-1])
    square = wide.clone()
    torch.maximum(square[..., 1:, :], wide[..., :-1, :], out=square[..., 1:, :])
    torch.maximum(square[..., :-1, :], wide[..., 1:, :], out=square[..., :-1, :])
    return square


def average_3x3(x: Tensor) -> Tensor:
    """``F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)``, by a depthwise convolution where that is equal.

    The convolution with ones adds the nine neighbours in the order in which torch's pooling does, 3 to 4
    times as fast on one AVX-512 core. Whether this processor's convolution keeps the order is tried out, once
    for every shape of image.
    """
    ones, counts, (equal, _) = _average_3x3(x.shape[1:], x.dtype, x.device)
    return sum_3x3(x, ones).div_(counts) if equal else _pooled(x)


def spread_3x3(gradient: Tensor) -> Tensor:
    """The gradient of :func:`average_3x3` by its input, to the last bit that of ``F.avg_pool2d``.

    Made of the ``gradient`` of its result in the same way, which is 3 times as fast for large maps.
    """
    ones, counts, (_, equal) = _average_3x3(gradient.shape[1:], gradient.dtype, gradient.device)
    return sum_3x3(gradient / counts, ones) if equal else _spread(gradient)


def smooth(x: Tensor, centre: float, average: float) -> Tensor:
    """``centre * x + average * average_3x3(x)``, with its own rounding."""
    ones, factors = _smoothing(x.shape[1:], average, x.dtype, x.device)
    sums = sum_3x3(x, ones)
    if centre == 1:
        return torch.addcmul(x, sums, factors, out=sums)  # one pass over memory in place of two
    smoothed = sums.mul_(factors)
    return smoothed.add_(x, alpha=centre) if centre else smoothed


def weighted_sum(
    values: Sequence[Tensor], rectified: Sequence[bool], centres: Sequence[float], averages: Sequence[float]
) -> Tensor:
    """``sum(centre * v + average * average_3x3(v))``, v a value or, where ``rectified``, its ReLU.

    A term whose factor is 0 is left out. Numbers of fewer bits are added up as float32, and rounded once.
    """
    dtype = values[0].dtype
    total = torch.zeros((), dtype=torch.promote_types(dtype, torch.float32))
    for value, positive, centre, average in zip(values, rectified, centres, averages, strict=True):
        read = (F.relu(value) if positive else value).to(total.dtype)
        if centre:
            total = torch.add(total, read, alpha=centre)
        if average:
            total = torch.add(total, _pooled(read), alpha=average)
    return total.to(dtype)


def beside_averages(centres: Sequence[float], averages: Sequence[float]) -> tuple[float, list[float]]:
    """A ratio and factors, most of them 0 where averages are not: ``centre = factor + ratio * average``."""
    pairs = list(zip(centres, averages, strict=True))
    ratios = Counter(centre / average for centre, average in pairs if average)
    ratio = ratios.most_common(1)[0][0] if ratios else 0.0
    return ratio, [
        0.0 if average and centre / average == ratio else centre - ratio * average
        for centre, average in pairs
    ]


def sum_3x3(x: Tensor, weight: Tensor) -> Tensor:
    """Sum over the neighbours of every pixel, times ``weight`` of shape ``(C, 1, 3, 3)``."""
    return F.conv2d(x, weight, None, 1, 1, 1, x.shape[1])


def neighbours(height: int, width: int, like: Tensor) -> Tensor:
    """How many pixels, itself included, lie beside each; shape ``(1, 1, H, W)``, 4 to 9."""
    return F.avg_pool2d(like.new_ones(1, 1, height, width), 3, 1, 1, divisor_override=1)


@cache
def _average_3x3(
    shape: torch.Size, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, tuple[bool, bool]]:
    """Ones to sum by, how many are summed, and whether sums give torch's averages, and their gradients."""
    channels, height, width = shape
    trial = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)
    trial = trial.contiguous(memory_format=torch.channels_last)
    ones = trial.new_ones(channels, 1, 3, 3)
    counts = neighbours(height, width, trial).expand(1, *shape).contiguous(memory_format=torch.channels_last)
    if device.type != "cpu":
        return ones, counts, (False, False)
    averages = torch.equal(sum_3x3(trial, ones).div_(counts), _pooled(trial))
    gradients = torch.equal(sum_3x3(trial / counts, ones), _spread(trial))
    return ones, counts, (averages, gradients)


@cache
def _smoothing(
    shape: torch.Size, average: float, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    channels, height, width = shape
    ones = torch.ones(channels, 1, 3, 3, dtype=dtype, device=device)
    factors = (average / neighbours(height, width, ones)).expand(1, *shape)
    # Written out for every channel: a product with numbers that stand beside one another is faster.
    return ones, factors.contiguous(memory_format=torch.channels_last)


def _pooled(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, False, False)


def _spread(gradient: Tensor) -> Tensor:
    return torch.ops.aten.avg_pool2d_backward(gradient, gradient, [3, 3], [1, 1], [1, 1], False, False, None)
