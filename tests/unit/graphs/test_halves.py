"""Operations on bfloat16 numbers by their bits give what torch's do, for every number there is."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from harness.graphs._halves import by_bits
from harness.graphs._operations import average_3x3, beside_averages, maximum_3x3, weighted_sum

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
@pytest.mark.parametrize("shape", [(4, 16, 32, 32), (3, 16, 17, 33), (2, 3, 4, 5)])
def test_the_maximum_of_neighbours(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    drawn = torch.randint(
        -(2**15), 2**15, shape, generator=torch.Generator().manual_seed(0), dtype=torch.int16
    )
    maps = drawn.view(torch.bfloat16).nan_to_num(nan=0.0).contiguous(memory_format=layout)
    before = maps.clone()
    found = by_bits(maximum_3x3)(maps)
    assert torch.equal(found.float(), F.max_pool2d(maps.float(), 3, 1, 1))
    assert torch.equal(maps, before)


@pytest.mark.parametrize("shape", [(4, 16, 32, 32), (3, 16, 17, 33), (5, 8, 1, 600), (2, 3, 4, 5)])
@pytest.mark.parametrize(
    ("rectified", "centres", "averages"),
    [
        ((False,), (0.0,), (0.3,)),
        ((True, False, True), (0.25, 1.0, 0.0625), (0.0, 0.0, 0.0)),
        ((False, False, True, False), (1.0, 0.2, 0.2, 0.2), (0.0, 0.2, 0.2, 0.2)),
        ((False, True, True, False), (0.0, 0.2, -0.4, 0.0), (1.5, 0.1, 0.0, 0.1)),
    ],
)
def test_a_sum_of_maps(shape, rectified, centres, averages) -> None:
    maps = [
        torch.randn(shape, generator=torch.Generator().manual_seed(number)).bfloat16()
        for number in range(len(centres))
    ]
    maps = [one.contiguous(memory_format=torch.channels_last) for one in maps]
    before = [one.clone() for one in maps]
    exact = torch.zeros(shape, dtype=torch.float64)
    for one, positive, centre, average in zip(maps, rectified, centres, averages, strict=True):
        read = (one.relu() if positive else one).double()
        exact += centre * read + average * F.avg_pool2d(read, 3, 1, 1, count_include_pad=False)
    for function in (weighted_sum, by_bits(weighted_sum)):
        found = function(maps, rectified, centres, averages)
        assert found.dtype is torch.bfloat16
        assert found.stride() == maps[0].stride()
        assert ((found.double() - exact).abs() <= exact.abs() * 2**-8 + 1e-6).all()
    assert all(torch.equal(one, other) for one, other in zip(maps, before, strict=True))


def test_what_is_no_number_stays_so_in_sums_and_what_is_left_out_does_not_count() -> None:
    maps = torch.ones(1, 16, 32, 32).bfloat16().contiguous(memory_format=torch.channels_last)
    hollow = maps.clone()
    hollow[0, 3, 5, 7] = float("nan")
    add_up = by_bits(weighted_sum)
    assert add_up((maps, hollow), (True, True), (1.0, 1.0), (0.0, 0.0)).isnan().sum() == 1
    assert add_up((maps, hollow), (True, True), (1.0, 0.0), (0.0, 0.5)).isnan().sum() == 9
    assert torch.equal(add_up((maps, hollow), (True, True), (1.0, 0.0), (0.5, 0.0)), 1.5 * maps)
    hollow[0, 3, 5, 7] = float("inf")
    assert add_up((maps, hollow), (True, True), (0.0, 0.0), (1.0, 0.5)).isinf().sum() == 9


@pytest.mark.parametrize("shape", [(4, 16, 32, 32), (3, 16, 17, 33)])
@pytest.mark.parametrize("affine", [True, False])
def test_a_normalisation_by_the_batchs_own_statistics(shape, affine: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    channels = shape[1]
    maps = torch.randn(shape, generator=generator) * torch.rand(channels, 1, 1, generator=generator) + 40
    maps = maps.bfloat16().contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(2, channels, generator=generator) if affine else (None, None)
    found = by_bits(F.batch_norm)(maps, None, None, weight, bias, True, 0.0, 1e-5)
    wide = [None if one is None else one.double() for one in (weight, bias)]
    expected = F.batch_norm(maps.double(), None, None, *wide, True, 0.0, 1e-5)
    assert found.stride() == maps.stride()
    assert ((found.double() - expected).abs() <= expected.abs() * 2**-8 + 1e-4).all()


def test_a_normalisation_of_what_is_no_number_is_none() -> None:
    maps = torch.ones(4, 16, 32, 32).bfloat16().contiguous(memory_format=torch.channels_last)
    maps[0, 3, 5, 7] = float("inf")
    weight = torch.ones(16, requires_grad=True)
    found = by_bits(F.batch_norm)(maps, None, None, weight, weight, True, 0.0, 1e-5)
    assert found[:, 3].isnan().all()
    assert torch.equal(found[:, 4:], torch.ones_like(found[:, 4:]))


@pytest.mark.parametrize(("shape", "training"), [((4, 16, 32, 32), False), ((2, 16, 4, 5), True)])
def test_running_statistics_and_few_numbers_are_left_to_torch(shape, training: bool) -> None:
    maps = torch.randn(shape).bfloat16().contiguous(memory_format=torch.channels_last)
    running = (None, None) if training else (torch.rand(16), torch.rand(16) + 0.5)
    expected = F.batch_norm(maps, *running, None, None, training, 0.0, 1e-5)
    assert torch.equal(by_bits(F.batch_norm)(maps, *running, None, None, training, 0.0, 1e-5), expected)


@pytest.mark.parametrize("shape", [(4, 16, 32, 32), (2, 3, 4, 5)])
def test_the_average_of_neighbours(shape: tuple[int, ...]) -> None:
    maps = torch.randn(shape, generator=torch.Generator().manual_seed(0)).bfloat16()
    maps = maps.contiguous(memory_format=torch.channels_last)
    expected = F.avg_pool2d(maps.double(), 3, 1, 1, count_include_pad=False)
    found = by_bits(average_3x3)(maps)
    assert ((found.double() - expected).abs() <= expected.abs() * 2**-7 + 1e-6).all()


def test_what_stands_beside_averages() -> None:
    assert beside_averages((1.0, 0.2, 0.4, 0.0), (0.0, 0.1, 0.2, 0.3)) == (2.0, [1.0, 0.0, 0.0, -0.6])
    assert beside_averages((1.0, 0.5), (0.0, 0.0)) == (0.0, [1.0, 0.5])


def test_a_sum_of_maps_of_other_shapes_is_left_to_torch() -> None:
    maps, row = torch.randn(4, 16, 32, 32).bfloat16(), torch.randn(1, 16, 1, 1).bfloat16()
    found = by_bits(weighted_sum)((row, maps), (False, True), (2.0, 1.0), (0.0, 0.0))
    assert torch.equal(found, (2 * row.float() + maps.float().relu()).bfloat16())


@pytest.mark.parametrize("function", [F.relu, torch.relu_])
def test_numbers_that_do_not_lie_side_by_side_are_left_to_torch(function) -> None:
    maps = torch.randn(64, 32, 32, generator=torch.Generator().manual_seed(0)).bfloat16()[:, ::2]
    expected = F.relu(maps)
    assert torch.equal(by_bits(function)(maps), expected)


def test_other_functions_stay() -> None:
    assert by_bits(torch.add) is torch.add
