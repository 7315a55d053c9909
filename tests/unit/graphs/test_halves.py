"""Operations on bfloat16 numbers by their bits give what torch's do, for every number there is."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from harness.graphs._halves import by_bits
from harness.graphs._operations import maximum_3x3

EVERY = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(torch.bfloat16)


def same(found: torch.Tensor, expected: torch.Tensor) -> bool:
    return found.stride() == expected.stride() and torch.equal(
        found.nan_to_num(nan=7.0, posinf=8.0, neginf=9.0),
        expected.nan_to_num(nan=7.0, posinf=8.0, neginf=9.0),
    )


@pytest.mark.parametrize("function", [F.relu, torch.relu_])
@pytest.mark.parametrize("shape", [(2**16,), (4, 16, 32, 32), (2**8, 2**8)])
def test_a_relu_of_every_number(function, shape: tuple[int, ...]) -> None:
    numbers = EVERY.view(shape)
    if numbers.ndim == 4:
        numbers = numbers.contiguous(memory_format=torch.channels_last)
    given = numbers.clone()
    found = by_bits(function)(given)
    assert same(found, F.relu(numbers))
    assert same(given, F.relu(numbers) if function is torch.relu_ else numbers)
    assert by_bits(function) is not function


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(4, 16, 32, 32), (2, 3, 4, 5)])
def test_the_maximum_of_neighbours(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    drawn = torch.randint(
        -(2**15), 2**15, shape, generator=torch.Generator().manual_seed(0), dtype=torch.int16
    )
    maps = drawn.view(torch.bfloat16).nan_to_num(nan=0.0).contiguous(memory_format=layout)
    before = maps.clone()
    found = by_bits(maximum_3x3)(maps)
    assert torch.equal(found.float(), F.max_pool2d(maps.float(), 3, 1, 1))
    assert torch.equal(maps, before)


@pytest.mark.parametrize("function", [F.relu, torch.relu_])
def test_numbers_that_do_not_lie_side_by_side_are_left_to_torch(function) -> None:
    maps = torch.randn(64, 32, 32, generator=torch.Generator().manual_seed(0)).bfloat16()[:, ::2]
    expected = F.relu(maps)
    assert torch.equal(by_bits(function)(maps), expected)


def test_other_functions_stay() -> None:
    assert by_bits(torch.add) is torch.add
