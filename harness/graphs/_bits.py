"""Codes as bits, 64 of them a word, and how many of them two samples have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from numba import types
from numba.extending import intrinsic
from torch import Tensor

from harness.graphs._codes import Codes, Map
from harness.graphs._compiled import compiled, inlined

Words = npt.NDArray[np.uint64]
ROWS = 4
"""Rows that are counted with as many others at a time; those behind the last sample are 0."""
ROW_WORDS = 8
"""Rows are a multiple of so many words, which is what the widest vector instructions read."""


MINUS_INFINITY = {torch.bfloat16: np.int16(-(2**7)), torch.float16: np.int16(-(2**10))}
"""By format of 16 bits, minus infinity read as a whole number: between it and 0 lies what is no number."""


class Bits(Codes):
    """Codes in one bit each.

    Those that two samples have in common are counted 64 at a time: 9 times as fast as a product of int8
    numbers for 256 samples of 16,384 units on an AVX-512 core, three times for 64 samples.
    """

    def __init__(self, samples: int, units: int) -> None:
        self.units = units
        self._samples = samples
        words = -(-units // (64 * ROW_WORDS)) * ROW_WORDS  # bits behind the last unit are 0
        self._bits = np.zeros((-(-samples // ROWS) * ROWS, words), np.uint64)

    @property
    def held(self) -> int:
        return self._bits.nbytes

    def put(self, rows: slice, units: Tensor) -> None:
        bits = self._bits.view(np.uint8)[: self._samples][rows]
        if units.dtype in MINUS_INFINITY:
            halves = units.contiguous().view(torch.int16).numpy()
            pack_halves(halves, MINUS_INFINITY[units.dtype], bits)
        else:
            read = units if units.dtype in (torch.float32, torch.bool) else ~(units <= 0)
            pack(read.contiguous().numpy(), bits, False)

    def put_positive(self, units: Tensor) -> None:
        if units.dtype is torch.float32:
            pack(units.contiguous().numpy(), self._bits.view(np.uint8)[: self._samples], True)
        else:
            super().put_positive(units)

    def product(self, parts: int = 1, each: Map = map) -> Tensor:
        counts = np.empty((len(self._bits),) * 2, np.int64)
        list(each(lambda part: common(self._bits, counts, part, parts), range(parts)))
        return torch.from_numpy(counts[: self._samples, : self._samples])


def _counter(_: Any, word: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), build


_ones = cast("Callable[[Any], Any]", intrinsic(_counter))
"""How many bits of a word are 1."""


@inlined
def _gathered(ones: npt.NDArray[np.uint8], packed: npt.NDArray[np.uint8]) -> None:
    """Write into each byte of ``packed`` the lowest bits of eight bytes."""
    eights = ones.view(np.uint64)
    gather = np.uint64(0x0102040810204080)  # brings them together in the highest byte
    for byte in range(len(eights)):
        packed[byte] = np.uint8((eights[byte] * gather) >> np.uint64(56))


@compiled
def pack(units: npt.NDArray[Any], bits: npt.NDArray[np.uint8], positive: bool) -> None:
    """Write ones into ``bits`` (samples, bytes) where ``units`` (samples, units) are above 0.

    What is no number is one as well, unless they are to be ``positive``.
    """
    samples, count = units.shape
    ones = np.zeros(8 * -(-count // 8), np.uint8)
    for sample in range(samples):
        row = units[sample]
        if positive:
            for unit in range(count):
                ones[unit] = row[unit] > 0
        else:
            for unit in range(count):
                ones[unit] = not row[unit] <= 0
        _gathered(ones, bits[sample])


@compiled
def pack_halves(units: npt.NDArray[np.int16], infinity: np.int16, bits: npt.NDArray[np.uint8]) -> None:
    """:func:`pack` of numbers of 16 bits that are read as whole ones, ``infinity`` being minus infinity's."""
    samples, count = units.shape
    ones = np.zeros(8 * -(-count // 8), np.uint8)
    for sample in range(samples):
        row = units[sample]
        for unit in range(count):
            ones[unit] = (row[unit] > 0) | ((row[unit] > infinity) & (row[unit] < 0))
        _gathered(ones, bits[sample])


@compiled
def common(bits: Words, counts: npt.NDArray[np.int64], first: int, step: int) -> None:
    """Write into ``counts[i, j]`` and ``counts[j, i]`` how many bits rows i and j of ``bits`` have in common.

    The number of rows is a multiple of 4. Rows i are those of every ``step``-th four, from ``first`` on. Of
    four and four rows every word is read once for 16 counts.
    """
    rows, words = bits.shape
    for i in range(4 * first, rows, 4 * step):
        x0, x1, x2, x3 = bits[i], bits[i + 1], bits[i + 2], bits[i + 3]
        for j in range(0, i + 4, 4):
            y0, y1, y2, y3 = bits[j], bits[j + 1], bits[j + 2], bits[j + 3]
            c00 = c10 = c20 = c30 = np.uint64(0)
            c01 = c11 = c21 = c31 = np.uint64(0)
            c02 = c12 = c22 = c32 = np.uint64(0)
            c03 = c13 = c23 = c33 = np.uint64(0)
            for word in range(words):
                a0, a1, a2, a3 = x0[word], x1[word], x2[word], x3[word]
                b = y0[word]
                c00 += _ones(a0 & b)
                c10 += _ones(a1 & b)
                c20 += _ones(a2 & b)
                c30 += _ones(a3 & b)
                b = y1[word]
                c01 += _ones(a0 & b)
                c11 += _ones(a1 & b)
                c21 += _ones(a2 & b)
                c31 += _ones(a3 & b)
                b = y2[word]
                c02 += _ones(a0 & b)
                c12 += _ones(a1 & b)
                c22 += _ones(a2 & b)
                c32 += _ones(a3 & b)
                b = y3[word]
                c03 += _ones(a0 & b)
                c13 += _ones(a1 & b)
                c23 += _ones(a2 & b)
                c33 += _ones(a3 & b)
            block = counts[i : i + 4, j : j + 4]
            block[0, 0], block[0, 1], block[0, 2], block[0, 3] = c00, c01, c02, c03
            block[1, 0], block[1, 1], block[1, 2], block[1, 3] = c10, c11, c12, c13
            block[2, 0], block[2, 1], block[2, 2], block[2, 3] = c20, c21, c22, c23
            block[3, 0], block[3, 1], block[3, 2], block[3, 3] = c30, c31, c32, c33
        for row in range(i, i + 4):
            for column in range(i):
                counts[column, row] = counts[row, column]
