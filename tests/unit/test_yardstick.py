"""What ``make benchmark`` compares with does the same work: it gives the same kernels."""

from __future__ import annotations

import numpy as np
import pytest

from harness import networks, spaces
from harness.inputs import noise
from harness.proxies._kernel import Kernels
from harness.spaces import without
from tests.benchmarks import operation_scores, yardstick


@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_the_yardstick_counts_what_the_harness_counts(name: str) -> None:
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny")
    images = noise.open(10, 16).batch(0, 0, 6).images
    masks = [space.full_mask, without(space.full_mask, 0, 1)]
    masking = networks.released_masking(space)
    kernels = Kernels([supernet.masked(mask, masking) for mask in masks], images, "exact")
    for index, mask in enumerate(masks):
        counted = kernels.of(index, training=False).kernel.numpy()
        assert np.array_equal(yardstick.kernel(yardstick.network(supernet, mask), images), counted)


def test_the_benchmark_knows_no_space_that_is_none() -> None:
    assert set(operation_scores.BATCHES) <= set(spaces.names())
