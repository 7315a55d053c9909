"""Loops of :mod:`harness.graphs._halves`: a bfloat16 number is a float32's upper half, read as whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from harness.graphs._bits import MINUS_INFINITY
from harness.graphs._compiled import compiled, inlined

Halves = npt.NDArray[np.int16]
Wide = npt.NDArray[np.float32]
Addresses = npt.NDArray[np.uint64]
PIECE = 1024
"""Numbers that are added up together: they stay in the processor's nearest cache."""
_INFINITY = int(MINUS_INFINITY[torch.bfloat16])
_UPPER, _ODD, _UP = np.uint32(16), np.uint32(1), np.uint32(0x7FFF)
_NO_NUMBER = np.uint32(0x7FC0)
_ONE = np.float32(1)
_LEAST = np.int16(-(2**15))


@compiled
def rectify(halves: Halves) -> None:
    """What is below 0 becomes 0; what is no number stays."""
    for place in range(len(halves)):
        halves[place] = _positive(halves[place])


@compiled
def rectified(halves: Halves, to: Halves) -> None:
    """:func:`rectify` into other memory: that of a loop's own would be gone through number by number."""
    for place in range(len(to)):
        to[place] = _positive(halves[place])


@compiled
def maximum_neighbours(maps: Halves, to: Halves) -> None:
    """Write the maximum of 3x3 neighbours of ``maps`` (samples, height, width, channels).

    Numbers are compared as whole ones that are in their order; what is no number is not told apart.
    """
    samples, height, width, channels = maps.shape
    wide, first, last = width * channels, channels, channels + width * channels
    given, found = maps.reshape(samples * height, wide), to.reshape(samples * height, wide)
    rows = np.empty((4, wide), np.int16)  # the last one is beyond the edge
    greatest, square = np.empty(last + channels, np.int16), np.empty(wide, np.int16)
    rows[3], greatest[:] = _LEAST, _LEAST
    for sample in range(samples):
        for row in range(height + 1):
            if row < height:
                _order(given[sample * height + row], rows[row % 3])
            if row > 0:
                done = row - 1
                above, below = (done - 1) % 3 if done > 0 else 3, row % 3 if row < height else 3
                _greatest(rows[above], rows[done % 3], rows[below], greatest[first:last])
                _greatest(greatest[:wide], greatest[first:last], greatest[2 * channels :], square)
                _order(square, found[sample * height + done])


@compiled
def add_up(addresses: Addresses, rectified: npt.NDArray[np.bool], factors: Wide, total: Halves) -> None:
    """Write the sum of values, or of their ReLUs where ``rectified``, times ``factors`` into ``total``.

    Values are told by their ``addresses``: an array of arrays would be compiled for every number of them.
    """
    count = len(total)
    sums = np.empty(PIECE, np.float32)
    for start in range(0, count, PIECE):
        end = min(count, start + PIECE)
        own = sums[: end - start]
        own[:] = 0
        for number in range(len(addresses)):
            value = carray(_pointer(addresses[number]), count)
            _add(value[start:end], rectified[number], factors[number], own)
        _round(own, total[start:end])


@compiled
def add_up_neighbours(
    addresses: Addresses,
    rectified: npt.NDArray[np.bool],
    factors: Wide,
    averages: Wide,
    ratio: Any,
    total: Halves,
) -> None:
    """:func:`add_up` of values times ``factors + ratio * averages`` and of their averages times ``averages``.

    Where all values are to their 3x3 averages as ``ratio``, both are of one sum of values. ``total`` and the
    values have the shape (samples, height, width, channels). What lies beyond the edge is left out of
    averages. Of sums of rows the last three are kept.
    """
    samples, height, width, channels = total.shape
    count = total.size
    wide, first, last = width * channels, channels, channels + width * channels
    sums = np.empty((3, wide), np.float32)
    averaged = np.zeros((4, last + channels), np.float32)  # the last row is beyond the edge
    three = np.empty(last + channels, np.float32)
    shares = np.empty(wide, np.float32)
    for column in range(width):
        shares[column * channels : (column + 1) * channels] = _share(column, width)
    rows = total.reshape(samples * height, wide)
    for sample in range(samples):
        for row in range(height + 1):
            if row < height:
                start = (sample * height + row) * wide
                own, inner = sums[row % 3], averaged[row % 3, first:last]
                own[:] = 0
                inner[:] = 0
                for number in range(len(addresses)):
                    value = carray(_pointer(addresses[number]), count)[start : start + wide]
                    if factors[number] != 0:
                        _add(value, rectified[number], factors[number], own)
                    if averages[number] != 0:
                        _add(value, rectified[number], averages[number], inner)
            if row > 0:
                done = row - 1
                above, below = (done - 1) % 3 if done > 0 else 3, row % 3 if row < height else 3
                _add_three(averaged[above], averaged[done % 3], averaged[below], three)
                _round_average(
                    sums[done % 3],
                    averaged[done % 3 if ratio != 0 else 3, first:last],
                    ratio,
                    three[:wide],
                    three[first:last],
                    three[2 * channels :],
                    shares,
                    _share(done, height),
                    rows[sample * height + done],
                )


@compiled
def moments(maps: Halves, found: npt.NDArray[np.float64]) -> None:
    """Write every channel's mean and variance into ``found`` (2, channels).

    Squares are those of differences to the mean of the first sample, so that nothing cancels.
    """
    samples, height, width, channels = maps.shape
    wide, count = width * channels, height * width
    near, sums, squares = np.zeros(wide, np.float32), np.empty(wide, np.float32), np.empty(wide, np.float32)
    totals = np.zeros((2, wide))
    rows = maps.reshape(samples * height, wide)
    for sample in range(-1, samples):
        sums[:], squares[:] = 0, 0
        for row in range(height):
            _add_moments(rows[max(sample, 0) * height + row], near, sums, squares)
        if sample < 0:
            for channel in range(channels):
                near[channel::channels] = sums[channel::channels].sum() / count
        else:
            for place in range(wide):
                totals[0, place] += sums[place]
                totals[1, place] += squares[place]
    for channel in range(channels):
        apart = totals[0, channel::channels].sum() / (samples * count)
        found[0, channel] = near[channel] + apart
        found[1, channel] = max(0.0, totals[1, channel::channels].sum() / (samples * count) - apart * apart)


@compiled
def multiply(maps: Halves, factors: Wide, shifts: Wide, to: Halves) -> None:
    """Write ``maps`` times every channel's factor, plus its shift."""
    samples, height, width, channels = maps.shape
    wide = width * channels
    rows, found = maps.reshape(samples * height, wide), to.reshape(samples * height, wide)
    factor, shift = np.empty(wide, np.float32), np.empty(wide, np.float32)
    for channel in range(channels):
        factor[channel::channels], shift[channel::channels] = factors[channel], shifts[channel]
    for row in range(samples * height):
        _multiply(rows[row], factor, shift, found[row])


def _address(context: Any, address: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.int16)(types.uint64), build


_pointer: Any = intrinsic(_address)


@inlined
def _positive(half: Any) -> Any:
    return half if (half > 0) | ((half < 0) & (half > _INFINITY)) else np.int16(0)


@compiled
def _order(halves: Halves, to: Halves) -> None:
    """Numbers become whole ones that are in their order, and these become numbers again."""
    for place in range(len(to)):
        half = halves[place]
        to[place] = half ^ ((half >> 15) & 0x7FFF)


@compiled
def _greatest(first: Halves, second: Halves, third: Halves, to: Halves) -> None:
    for place in range(len(to)):
        to[place] = max(max(first[place], second[place]), third[place])


@inlined
def _widened(half: Any) -> Any:
    return np.uint32(np.uint32(np.uint16(half)) << _UPPER).view(np.float32)


@inlined
def _rounded(value: Any) -> Any:
    """The nearest number, of two the even one."""
    bits = np.float32(value).view(np.uint32)
    nearest = np.uint32(bits + _UP + ((bits >> _UPPER) & _ODD)) >> _UPPER
    return np.uint16(nearest if value == value else _NO_NUMBER)


@inlined
def _share(place: Any, places: Any) -> Any:
    """One over how many lie beside one another there."""
    return _ONE / np.float32(3 - (place == 0) - (place == places - 1))


@compiled
def _add(value: Halves, rectified: bool, factor: Any, to: Wide) -> None:
    if rectified:
        for place in range(len(to)):
            to[place] += factor * _widened(_positive(value[place]))
    else:
        for place in range(len(to)):
            to[place] += factor * _widened(value[place])


@compiled
def _add_moments(value: Halves, near: Wide, sums: Wide, squares: Wide) -> None:
    for place in range(len(sums)):
        apart = _widened(value[place]) - near[place]
        sums[place] += apart
        squares[place] += apart * apart


@compiled
def _multiply(value: Halves, factor: Wide, shift: Wide, to: Halves) -> None:
    for place in range(len(to)):
        to[place] = _rounded(_widened(value[place]) * factor[place] + shift[place])


@compiled
def _add_three(above: Wide, own: Wide, below: Wide, to: Wide) -> None:
    for place in range(len(to)):
        to[place] = above[place] + own[place] + below[place]


@compiled
def _round(sums: Wide, to: Halves) -> None:
    for place in range(len(to)):
        to[place] = _rounded(sums[place])


@compiled
def _round_average(
    sums: Wide,
    centre: Wide,
    ratio: Any,
    left: Wide,
    own: Wide,
    right: Wide,
    shares: Wide,
    share: Any,
    to: Halves,
) -> None:
    for place in range(len(to)):
        average = share * shares[place] * (left[place] + own[place] + right[place])
        to[place] = _rounded(sums[place] + ratio * centre[place] + average)
