"""Products of binary codes, counted exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

EXACT_COLUMNS = 2**24
"""Whole numbers up to this one are exact in float32, so a product of so many 0/1 columns is too."""
COUNTED_FROM = 2**21
"""Pairs of samples times units from which on bits are counted: of 32 samples of 2,048 units 15 times as fast.
For less Numba, which takes half a second, need not be loaded."""

Map = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]
"""Calls a function with every one of some numbers, as :func:`map` does, in any order or at once."""


def unit_rows(activations: Tensor) -> Tensor:
    """One row of units per sample, in the order they lie in memory: a copy costs time, counts do not mind."""
    if activations.ndim == 4 and activations.is_contiguous(memory_format=torch.channels_last):
        activations = activations.permute(0, 2, 3, 1)
    return activations.reshape(len(activations), -1)


class Codes:
    """The codes c of some samples (samples, units): 1 where a unit is above 0, or no number.

    So they are the same at a ReLU's input and at its output.
    """

    def __init__(self, samples: int, units: int, device: torch.device) -> None:
        self.units = units
        self._codes = torch.empty((samples, units), dtype=torch.bool, device=device)

    @property
    def held(self) -> int:
        """Bytes that the codes take."""
        return self._codes.numel()

    def put(self, rows: slice, units: Tensor) -> None:
        """Keep the codes of some samples; ``units`` has one row for each."""
        self._codes[rows] = ~(units <= 0)

    def put_positive(self, units: Tensor) -> None:
        """Keep the codes of all samples, where what is no number has code 0."""
        self.put(slice(None), units > 0)

    def product(self, parts: int = 1, each: Map = map) -> Tensor:
        """The product c c^T as int64, exact; where it is made in ``parts``, ``each`` goes through them."""
        return float_code_product(self._codes)


def codes_of(samples: int, units: int, device: torch.device) -> Codes:
    """Room for codes: in one bit each where a product of them is large enough to be counted by bits."""
    if device.type == "cpu" and samples**2 * units >= COUNTED_FROM:
        from harness.graphs._bits import Bits  # loads Numba

        return Bits(samples, units)
    return Codes(samples, units, device)


def code_product(units: Tensor) -> Tensor:
    """The product c c^T of the codes of ``units`` (samples, units), numbers or Boolean, as int64, exact.

    A unit is 1 where it is above 0; what is no number is not.
    """
    samples, count = units.shape
    held = codes_of(samples, count, units.device)
    held.put_positive(units)
    return held.product()


def float_code_product(codes: Tensor) -> Tensor:
    """The same by float32 products, each short enough to be exact."""
    parts = (part.float() for part in codes.split(EXACT_COLUMNS, dim=1))
    return sum((part @ part.T).long() for part in parts)


def agreements(products: Tensor, units: int | Tensor) -> Tensor:
    """Units on which two samples agree: c c^T + (1 - c)(1 - c)^T from the product c c^T of 0/1 codes c.

    With row sums s and n units it equals 2 c c^T - s_i - s_j + n, and s is the diagonal of c c^T: one
    product of whole numbers instead of two.
    """
    active = products.diagonal()
    return 2 * products - active[:, None] - active[None, :] + units
