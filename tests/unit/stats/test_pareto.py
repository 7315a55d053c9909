"""Fronts against comparing every pair, hypervolumes against counting unit squares, and published sizes."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks
from harness.stats import TrueFront, hypervolume, pareto_front

NAN = np.nan
SIZES = {
    "cifar10": (28, 43, 33, 43, 16, 13, 36, 16, 13),
    "cifar100": (25, 39, 39, 37, 13, 15, 37, 13, 15),
    "imagenet16_120": (36, 55, 36, 49, 14, 20, 35, 14, 20),
}
"""Points of HW-NAS-Bench's fronts with the mean test accuracy after 200 epochs."""

COSTS = (
    *(f"latency_{device}" for device in ("edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga")),
    *(f"energy_{device}" for device in ("edgegpu", "eyeriss", "fpga")),
)


def compared(quality, cost):
    """The front by its definition: every row against every other."""
    known = np.isfinite(quality) & np.isfinite(cost)
    return np.array(
        [
            known[i]
            and not any(
                known[j]
                and quality[j] >= quality[i]
                and cost[j] <= cost[i]
                and (quality[j] > quality[i] or cost[j] < cost[i])
                for j in range(len(quality))
            )
            for i in range(len(quality))
        ]
    )


def counted(quality, cost, reference):
    """Unit squares that a row of whole numbers dominates."""
    squares = {
        (q, c)
        for qi, ci in zip(quality, cost, strict=True)
        for q in range(int(reference[0]), int(qi))
        for c in range(int(ci), int(reference[1]))
    }
    return len(squares)


@pytest.mark.parametrize("values", [2, 5, 1000])
@pytest.mark.parametrize("rows", [0, 1, 2, 7, 40])
def test_against_the_definitions_with_ties(rows, values):
    rng = np.random.default_rng([rows, values])
    quality, cost = rng.integers(values, size=(2, rows)).astype(float)
    assert pareto_front(quality, cost).tolist() == compared(quality, cost).tolist()
    small = np.minimum(quality, 12), np.minimum(cost, 12)
    assert hypervolume(*small, (0.0, 13.0)) == counted(*small, (0, 13))
    assert hypervolume(*small, (3.0, 8.0)) == counted(*small, (3, 8))


def test_what_is_not_finite_is_on_no_front():
    quality = np.array([NAN, 5.0, 4.0, np.inf, 3.0])
    cost = np.array([0.0, NAN, 2.0, 0.0, 1.0])
    assert pareto_front(quality, cost).tolist() == [False, False, True, False, True]
    assert hypervolume(quality, cost, (0.0, 3.0)) == 3 * 2 + 1
    assert TrueFront.of(np.array([NAN]), np.array([1.0])) is None


def test_of_what_was_found():
    quality, cost = np.array([1.0, 2.0, 4.0, 4.0, 0.0, 3.0]), np.array([1.0, 2.0, 4.0, 4.0, 5.0, 4.5])
    true = TrueFront.of(quality, cost)
    assert true.reference == (0.0, 5.0)
    assert (true.quality.tolist(), true.cost.tolist()) == ([1, 2, 4], [1, 2, 4])
    assert true.hypervolume == 4 + 3 + 2
    whole = true.found(quality, cost)
    assert (whole.n, whole.n_front, whole.hypervolume, whole.share) == (6, 4, 1.0, 1.0)
    some = true.found(np.array([2.0, 3.0, NAN]), np.array([2.0, 4.5, 1.0]))
    assert (some.n, some.n_front, some.share) == (2, 2, 1 / 3)
    assert some.hypervolume == pytest.approx((2 * 3 + 0.5) / 9)
    nothing = true.found(np.array([NAN]), np.array([NAN]))
    assert (nothing.n, nothing.n_front, nothing.hypervolume, nothing.share) == (0, 0, 0.0, 0.0)


def test_a_front_that_covers_nothing_has_no_share_of_it():
    true = TrueFront.of(np.array([2.0]), np.array([1.0]))
    assert true.found(np.array([2.0]), np.array([1.0])).hypervolume is None


@pytest.mark.parametrize("dataset", SIZES)
def test_front_sizes_of_hw_nas_bench(dataset):
    table = benchmarks.load("nb201")
    quality = table.values(table.keys, f"{dataset}_test_200")
    fronts = [TrueFront.of(quality, table.values(table.keys, f"{dataset}_{name}")) for name in COSTS]
    assert tuple(len(front.cost) for front in fronts) == SIZES[dataset]
