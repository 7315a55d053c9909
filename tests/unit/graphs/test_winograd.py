"""Minimal filtering is convolution, at every size and beside every other sample."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness import graphs, networks, spaces
from harness.graphs import _winograd

FACTORS = (0.3, -1.25, 0.0, 2.0)


def maps_of(
    samples: int, channels: int, height: int, width: int, dtype: torch.dtype = torch.float64, seed: int = 0
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(samples, channels, height, width, generator=generator, dtype=dtype)
    return maps.contiguous(memory_format=torch.channels_last)


def both(
    inputs: Sequence[Tensor],
    rectified: bool,
    weights: Sequence[Tensor],
    bias: Tensor | None,
    values: Sequence[Tensor],
) -> tuple[Tensor, Tensor]:
    """The sum by operations of torch and by minimal filtering."""
    centres, averages = FACTORS[: len(values)], FACTORS[::-1][: len(values)]
    read = [each.relu() if rectified else each for each in inputs]
    expected = sum(F.conv2d(one, weight, None, 1, 1) for one, weight in zip(read, weights, strict=True))
    for value, centre, average in zip(values, centres, averages, strict=True):
        expected = expected + centre * value + average * F.avg_pool2d(value, 3, 1, 1, False, False)
    expected = expected if bias is None else expected + bias[:, None, None]
    found = _winograd.filtered(
        inputs,
        [rectified] * len(inputs),
        [_winograd.filters(weight) for weight in weights],
        bias,
        values,
        centres,
        averages,
    )
    return expected, found


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (2, 3), (4, 4), (5, 7), (8, 8), (9, 17)])
@pytest.mark.parametrize("samples", [1, 8, 11])
@pytest.mark.parametrize("terms", [(1, 0), (1, 1), (2, 0), (3, 4)])
def test_sums_are_those_of_convolutions(size: tuple[int, int], samples: int, terms: tuple[int, int]) -> None:
    inputs = [maps_of(samples, 8, *size, seed=number) for number in range(terms[0])]
    weights = [maps_of(16, 8, 3, 3, seed=10 + number) for number in range(terms[0])]
    values = [maps_of(samples, 16, *size, seed=20 + number) for number in range(terms[1])]
    for bias in (None, torch.linspace(-1, 1, 16, dtype=torch.float64)):
        for rectified in (False, True):
            expected, found = both(inputs, rectified, weights, bias, values)
            assert found.is_contiguous(memory_format=torch.channels_last)
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_single_precision_rounds_by_little() -> None:
    inputs = [maps_of(8, 16, 32, 32, torch.float32, number) for number in range(3)]
    weights = [maps_of(16, 16, 3, 3, torch.float32, 10 + number) for number in range(3)]
    exact, _ = both([each.double() for each in inputs], True, [each.double() for each in weights], None, [])
    _, found = both(inputs, True, weights, None, [])
    assert (found - exact).abs().max() < 1e-5 * exact.std()


def test_a_sample_does_not_hang_on_the_others() -> None:
    inputs, weight = maps_of(21, 16, 16, 16, torch.float32), maps_of(16, 16, 3, 3, torch.float32)
    _, found = both([inputs], True, [weight], None, [inputs])
    for part in (slice(0, 16), slice(3, 8), slice(20, 21)):
        _, alone = both([inputs[part]], True, [weight], None, [inputs[part]])
        assert torch.equal(alone, found[part])


def test_what_is_no_number_stays_that() -> None:
    inputs, weight = maps_of(9, 8, 8, 8), maps_of(8, 8, 3, 3)
    inputs[0, 3, 4, 4], inputs[8, 0, 0, 0] = float("nan"), float("-inf")
    expected, found = both([inputs], True, [weight], None, [])
    assert bool(found[0, :, 3:6, 3:6].isnan().all())
    torch.testing.assert_close(found[1:], expected[1:], rtol=1e-12, atol=1e-12)


def test_only_wide_convolutions_at_every_pixel_are_filtered() -> None:
    images = maps_of(2, 3, 16, 16, torch.float32)
    space = spaces.load("nb201")
    network = networks.build_supernet(space, "small").masked(space.full_mask)
    nodes = graphs.Nodes(images)
    traced = graphs.trace(network, nodes)
    for minimal in (True, False):
        order = graphs.needed([graphs.fold(traced, nodes, minimal)])
        assert (_winograd.filtered in {node.function for node in order}) is minimal
        convolutions = [node.operands for node in order if node.function is F.conv2d]
        left = [tuple(weight.shape) for _, weight, _, stride, *_ in convolutions if stride == (1, 1)]
        assert (
            any(shape[1] >= _winograd.LEAST_INPUTS and shape[2:] == (3, 3) for shape in left) is not minimal
        )
