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
        self._bits = np.zeros((samples + samples % 2, words), np.uint64)

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
            pack(read.contiguous().numpy(), bits)

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
def pack(units: npt.NDArray[Any], bits: npt.NDArray[np.uint8]) -> None:
    """Write ones into ``bits`` (samples, bytes) where ``units`` (samples, units) are above 0 or no number."""
    samples, count = units.shape
    ones = np.zeros(8 * -(-count // 8), np.uint8)
    for sample in range(samples):
        row = units[sample]
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

    The number of rows is even. Rows i are those of every ``step``-th pair, from ``first`` on.
    """
    rows, words = bits.shape
    for i in range(2 * first, rows, 2 * step):
        x, y = bits[i], bits[i + 1]
        for j in range(0, i + 2, 2):
            p, q = bits[j], bits[j + 1]
            xp = xq = yp = yq = np.uint64(0)
            for word in range(words):
                xp += _ones(x[word] & p[word])
                xq += _ones(x[word] & q[word])
                yp += _ones(y[word] & p[word])
                yq += _ones(y[word] & q[word])
            counts[i, j] = counts[j, i] = xp
            counts[i, j + 1] = counts[j + 1, i] = xq
            counts[i + 1, j] = counts[j, i + 1] = yp
            counts[i + 1, j + 1] = counts[j + 1, i + 1] = yq
