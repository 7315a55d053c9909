"""Products of binary codes are exact whole numbers, whatever the number of units."""

from __future__ import annotations

import pytest
import torch

from harness import graphs


@pytest.mark.parametrize("samples", [1, 2, 7, 64, 95, 96, 200])
@pytest.mark.parametrize("units", [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 1000])
def test_a_product_is_counted(samples: int, units: int) -> None:
    codes = torch.rand(samples, units, generator=torch.Generator().manual_seed(units)) > 0.5
    expected = codes.double() @ codes.double().T
    for _ in range(3):
        torch.full((samples, samples), 2**30, dtype=torch.int32)  # what freed memory may hold
        assert torch.equal(graphs.code_product(codes).double(), expected)
