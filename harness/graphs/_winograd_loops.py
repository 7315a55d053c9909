"""Loops of :mod:`harness.graphs._winograd`.

Rows are taken out of arrays before anything is computed with them, one by one and without steps: only so does
the compiler know that their numbers lie side by side, and use vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.graphs._compiled import compiled, inlined

Array = npt.NDArray[Any]
"""Numbers of one floating-point format; maps have the shape (samples, height, width, channels)."""
ZERO, HALF, TWO, SUM = np.float32(0), np.float32(0.5), np.float32(2), np.float32(2.5)
"""Exact in every format; halves and twos are the squares of the points, whose sum is the last one."""


@compiled
def tile(maps: Array, tiles: Array, rectified: bool, root: Any) -> None:
    """Write B^T D B of all tiles D of ``maps``, or of their ReLU, into ``tiles`` (36, tiles x channels)."""
    samples, height, width, channels = maps.shape
    down, across = (height + 3) // 4, (width + 3) // 4
    wide = across * channels
    padded = np.zeros((4 * across + 2) * channels, maps.dtype)
    halves = np.zeros((6, 4 * down + 2, wide), maps.dtype)  # rows times B; those beyond the edge stay 0
    for sample in range(samples):
        rows = maps[sample].reshape(height, width * channels)
        for row in range(height):
            _copy(rows[row], padded[channels : channels + width * channels], rectified)
            for place in range(across):
                at, to = 4 * place * channels, place * channels
                _forward(
                    padded[at : at + channels],
                    padded[at + channels : at + 2 * channels],
                    padded[at + 2 * channels : at + 3 * channels],
                    padded[at + 3 * channels : at + 4 * channels],
                    padded[at + 4 * channels : at + 5 * channels],
                    padded[at + 5 * channels : at + 6 * channels],
                    halves[0, row + 1, to : to + channels],
                    halves[1, row + 1, to : to + channels],
                    halves[2, row + 1, to : to + channels],
                    halves[3, row + 1, to : to + channels],
                    halves[4, row + 1, to : to + channels],
                    halves[5, row + 1, to : to + channels],
                    root,
                )
        for row in range(down):
            at, to = 4 * row, (sample * down + row) * wide
            for column in range(6):
                _forward(
                    halves[column, at],
                    halves[column, at + 1],
                    halves[column, at + 2],
                    halves[column, at + 3],
                    halves[column, at + 4],
                    halves[column, at + 5],
                    tiles[column, to : to + wide],
                    tiles[6 + column, to : to + wide],
                    tiles[12 + column, to : to + wide],
                    tiles[18 + column, to : to + wide],
                    tiles[24 + column, to : to + wide],
                    tiles[30 + column, to : to + wide],
                    root,
                )


@compiled
def untile(products: Array, maps: Array, fresh: bool, root: Any) -> None:
    """Add A^T M A of all tiles M in ``products`` (36, tiles x channels) to ``maps``, as far as they reach.

    ``fresh`` maps are 0, whatever they hold.
    """
    samples, height, width, channels = maps.shape
    down, across = (height + 3) // 4, (width + 3) // 4
    wide = across * channels
    halves = np.empty((4, 6, wide), maps.dtype)
    whole = np.empty(4 * wide, maps.dtype)
    for sample in range(samples):
        rows = maps[sample].reshape(height, width * channels)
        for row in range(down):
            at = (sample * down + row) * wide
            for column in range(6):
                _backward(
                    products[column, at : at + wide],
                    products[6 + column, at : at + wide],
                    products[12 + column, at : at + wide],
                    products[18 + column, at : at + wide],
                    products[24 + column, at : at + wide],
                    products[30 + column, at : at + wide],
                    halves[0, column],
                    halves[1, column],
                    halves[2, column],
                    halves[3, column],
                    root,
                )
            for line in range(min(4, height - 4 * row)):
                for place in range(across):
                    near, to = place * channels, 4 * place * channels
                    _backward(
                        halves[line, 0, near : near + channels],
                        halves[line, 1, near : near + channels],
                        halves[line, 2, near : near + channels],
                        halves[line, 3, near : near + channels],
                        halves[line, 4, near : near + channels],
                        halves[line, 5, near : near + channels],
                        whole[to : to + channels],
                        whole[to + channels : to + 2 * channels],
                        whole[to + 2 * channels : to + 3 * channels],
                        whole[to + 3 * channels : to + 4 * channels],
                        root,
                    )
                if fresh:
                    _copy(whole[: width * channels], rows[4 * row + line], False)
                else:
                    _add(whole[: width * channels], rows[4 * row + line])


@compiled
def blend(values: Any, factors: Array, averages: Array, ratio: Any, maps: Array, fresh: bool) -> None:
    """Add values times ``factors + ratio * averages`` and their 3x3 averages times ``averages`` to ``maps``.

    ``values`` is a tuple of arrays like ``maps``. ``fresh`` maps are 0, whatever they hold. What lies beyond
    the edge is left out of averages. Where all values are to their averages as ``ratio``, both are of one sum
    of values.
    """
    samples, height, width, channels = maps.shape
    wide = width * channels
    averaged = np.empty((height + 2, wide + 2 * channels), maps.dtype)
    summed = np.empty(wide + 2 * channels, maps.dtype)
    shares = np.empty(wide, maps.dtype)
    for column in range(width):
        share = 1 / (3 - (column == 0) - (column == width - 1))
        shares[column * channels : (column + 1) * channels] = share
    for sample in range(samples):
        rows = maps[sample].reshape(height, wide)
        averaged[:] = 0
        if fresh:
            rows[:] = 0
        for number in range(len(values)):
            own = values[number][sample].reshape(height, wide)
            for row in range(height):
                if factors[number] != 0:
                    _add_scaled(own[row], factors[number], rows[row])
                if averages[number] != 0:
                    _add_scaled(own[row], averages[number], averaged[row + 1, channels : channels + wide])
        for row in range(height):
            _sum(averaged[row], averaged[row + 1], averaged[row + 2], summed)
            _add_average(
                averaged[row + 1 if ratio != 0 else 0, channels : channels + wide],
                ratio,
                summed[:wide],
                summed[channels : channels + wide],
                summed[2 * channels :],
                shares,
                maps.dtype.type(1 / (3 - (row == 0) - (row == height - 1))),
                rows[row],
            )


@inlined
def _forward(
    d0: Array, d1: Array, d2: Array, d3: Array, d4: Array, d5: Array,
    v0: Array, v1: Array, v2: Array, v3: Array, v4: Array, v5: Array,
    root: Any,
) -> None:  # fmt: skip
    """B^T of six numbers, for each of as many as stand beside one another."""
    near, far = root * HALF, root
    for each in range(len(v0)):
        x0, x1, x2, x3, x4, x5 = d0[each], d1[each], d2[each], d3[each], d4[each], d5[each]
        even, odd = x4 - TWO * x2, near * (x3 - TWO * x1)
        v0[each] = x0 - SUM * x2 + x4
        v1[each] = even + odd
        v2[each] = even - odd
        even, odd = x4 - HALF * x2, far * (x3 - HALF * x1)
        v3[each] = even + odd
        v4[each] = even - odd
        v5[each] = x1 - SUM * x3 + x5


@inlined
def _backward(
    m0: Array, m1: Array, m2: Array, m3: Array, m4: Array, m5: Array,
    y0: Array, y1: Array, y2: Array, y3: Array,
    root: Any,
) -> None:  # fmt: skip
    """A^T of six numbers, for each of as many as stand beside one another."""
    near, far = root * HALF, root
    for each in range(len(y0)):
        x1, x2, x3, x4 = m1[each], m2[each], m3[each], m4[each]
        inner, outer = x1 + x2, x3 + x4
        odd, further = near * (x1 - x2), far * (x3 - x4)
        y0[each] = m0[each] + inner + outer
        y1[each] = odd + further
        y2[each] = HALF * inner + TWO * outer
        y3[each] = HALF * odd + TWO * further + m5[each]


@compiled
def _copy(values: Array, to: Array, rectified: bool) -> None:
    if rectified:
        for each in range(len(to)):
            value = values[each]
            to[each] = value if not value <= 0 else ZERO  # what is no number stays that
    else:
        for each in range(len(to)):
            to[each] = values[each]


@compiled
def _add(values: Array, to: Array) -> None:
    for each in range(len(to)):
        to[each] += values[each]


@compiled
def _add_scaled(values: Array, factor: Any, to: Array) -> None:
    for each in range(len(to)):
        to[each] += factor * values[each]


@compiled
def _sum(first: Array, second: Array, third: Array, to: Array) -> None:
    for each in range(len(to)):
        to[each] = first[each] + second[each] + third[each]


@compiled
def _add_average(
    centre: Array,
    ratio: Any,
    first: Array,
    second: Array,
    third: Array,
    shares: Array,
    share: Any,
    to: Array,
) -> None:
    for each in range(len(to)):
        average = share * shares[each] * (first[each] + second[each] + third[each])
        to[each] += ratio * centre[each] + average
