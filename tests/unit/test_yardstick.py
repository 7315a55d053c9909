"""What ``make benchmark`` compares with does the same work: it gives the same kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness import networks, spaces
from harness.inputs import noise
from harness.proxies._kernel import Kernels
from harness.spaces import without
from tests.benchmarks import operation_scores, ratios, yardstick


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


def test_a_ratio_that_fell_by_more_than_a_tenth_is_told_of(tmp_path: Path) -> None:
    def told(fresh: dict[str, float], **more: bool) -> str:
        return "\n".join(ratios.lines("operation_scores", fresh, 2, folder=tmp_path, **more))

    assert "not kept in " in told({"nb201 initial exact": 10.0})
    assert not list(tmp_path.iterdir())
    assert "kept 2 ratios" in told({"nb201 initial exact": 10.0, "darts_s5 initial exact": 5.0}, accept=True)
    (file,) = tmp_path.iterdir()
    assert file.name == f"{ratios.kind(2)}.json" != f"{ratios.kind(1)}.json"
    assert told({"nb201 initial exact": 9.1, "darts_s5 initial exact": 7.0}) == ""
    fell = f"fell by 20%: nb201 initial exact, 8.0x now, 10.0x kept in {file.name}"
    assert told({"nb201 initial exact": 8.0}) == fell
    told({"nb201 initial exact": 8.0}, accept=True)
    assert told({"nb201 initial exact": 8.0, "darts_s5 initial exact": 5.0}) == ""
