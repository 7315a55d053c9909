"""Products of binary codes, counted exactly."""

from __future__ import annotations

import torch
from torch import Tensor

EXACT_COLUMNS = 2**24
"""Whole numbers up to this one are exact in float32, so a product of so many 0/1 columns is too."""
BLOCK_SAMPLES = 48
"""Width of the blocks of a product that is computed on one side of its diagonal alone: a fifth less time for
256 samples of 16,384 units on an AVX-512 core, a tenth for 128."""


def unit_rows(activations: Tensor) -> Tensor:
    """One row of units per sample, in the order they lie in memory: a copy costs time, counts do not mind."""
    if activations.ndim == 4 and activations.is_contiguous(memory_format=torch.channels_last):
        activations = activations.permute(0, 2, 3, 1)
    return activations.reshape(len(activations), -1)


def code_product(codes: Tensor) -> Tensor:
    """The product c c^T of Boolean codes (samples, units) as int64, exact.

    int8 codes with int32 sums where the processor has vector instructions for them: 2 to 5 times as fast
    as float32, for 64 and 256 samples of 4,096 and 16,384 units on one and two threads. Not for a single
    unit, of which torch 2.13 returns memory that nothing was written to.
    """
    if codes.device.type == "cpu" and codes.shape[1] > 1 and _fast_int8():
        return _by_blocks(codes.contiguous().view(torch.int8))
    return float_code_product(codes)


def _by_blocks(codes: Tensor) -> Tensor:
    """The product of int8 codes, which is symmetric: columns from the diagonal down, then mirrored."""
    if len(codes) < 2 * BLOCK_SAMPLES:
        return torch._int_mm(codes, codes.T).long()
    product = codes.new_empty((len(codes),) * 2, dtype=torch.int64)
    for start in range(0, len(codes), BLOCK_SAMPLES):
        block = slice(start, start + BLOCK_SAMPLES)
        product[start:, block] = torch._int_mm(codes[start:], codes[block].T)
        product[block, start:] = product[start:, block].T
    return product


def float_code_product(codes: Tensor) -> Tensor:
    """The same by float32 products, each short enough to be exact."""
    parts = (part.float() for part in codes.split(EXACT_COLUMNS, dim=1))
    return sum((part @ part.T).long() for part in parts)


def agreements(products: Tensor, units: int) -> Tensor:
    """Units on which two samples agree: c c^T + (1 - c)(1 - c)^T from the product c c^T of 0/1 codes c.

    With row sums s and n units it equals 2 c c^T - s_i - s_j + n, and s is the diagonal of c c^T: one
    product of whole numbers instead of two.
    """
    active = products.diagonal()
    return 2 * products - active[:, None] - active[None, :] + units


def _fast_int8() -> bool:
    """Whether this torch multiplies int8 matrices on the CPU with vector instructions."""
    vectors = torch.backends.cpu.get_cpu_capability().startswith("AVX")
    return vectors and torch.backends.mkldnn.is_available() and hasattr(torch, "_int_mm")
