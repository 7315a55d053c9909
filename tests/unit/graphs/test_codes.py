"""Products of binary codes are exact whole numbers, whatever the number of units."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from harness import graphs
from harness.graphs import _bits, _codes


@pytest.mark.parametrize("samples", [1, 2, 7, 64, 95, 96, 200])
@pytest.mark.parametrize("units", [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 1000, 5000])
def test_a_product_is_counted(samples: int, units: int) -> None:
    codes = torch.rand(samples, units, generator=torch.Generator().manual_seed(units)) > 0.5
    expected = codes.double() @ codes.double().T
    for _ in range(3):
        torch.full((samples, samples), 2**30, dtype=torch.int32)  # what freed memory may hold
        assert torch.equal(graphs.code_product(codes).double(), expected)


@pytest.mark.parametrize("samples", [1, 2, 7, 64])
@pytest.mark.parametrize("units", [1, 8, 63, 64, 513, 1000])
@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_bits_are_counted_as_products_are(samples: int, units: int, dtype: torch.dtype) -> None:
    values = torch.randn(samples, units, generator=torch.Generator().manual_seed(units)).relu().to(dtype)
    bits = _bits.Bits(samples, units)
    for start in range(0, samples, 3):
        bits.put(slice(start, start + 3), values[start : start + 3])
    expected = _codes.float_code_product(values != 0)
    assert torch.equal(bits.product(), expected)
    with ThreadPoolExecutor(3) as pool:
        assert torch.equal(bits.product(3, pool.map), expected)


def test_zeros_of_either_sign_are_inactive_and_what_is_no_number_is_active() -> None:
    bits = _bits.Bits(1, 4)
    bits.put(slice(None), torch.tensor([[0.0, -0.0, float("nan"), 1e-45]]))
    assert bits.product().item() == 2


@pytest.mark.parametrize("samples", [2, 64])
@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.float64, torch.bfloat16])
def test_of_numbers_those_above_zero_are_counted(samples: int, dtype: torch.dtype) -> None:
    units = torch.randn(samples, 1001, generator=torch.Generator().manual_seed(samples)).to(dtype)
    if dtype.is_floating_point:
        units[0, :3] = torch.tensor([0.0, -0.0, float("nan")])
    assert (samples**2 * 1001 >= _codes.COUNTED_FROM) == (samples == 64)  # by bits, and by a product
    assert torch.equal(graphs.code_product(units), _codes.float_code_product(units > 0))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_number_of_16_bits_is_read_as_it_compares(dtype: torch.dtype) -> None:
    every = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)[None]
    bits = _bits.Bits(1, 2**16)
    bits.put(slice(None), every)
    found = np.unpackbits(bits._bits[0].view(np.uint8), bitorder="little")[: 2**16]
    assert (found == (~(every[0] <= 0)).numpy()).all()
