"""Rounds of NSE on figures of a table, held to a simulation that was written apart from this project."""

from __future__ import annotations

import numpy as np
import pytest

from harness import shrinkers

NSE = shrinkers.load("nse")
DEFAULTS = {name: option.default for name, option in NSE.OPTIONS.items()}

REFERENCE = {
    ("best", 2): (1, 94.17, 0.29, 0.0),
    ("best", 3): (1, 94.26, 0.23, 0.0),
    ("top", 2): (16, 93.54, 0.55, 10.0),
    ("top", 3): (12, 94.06, 0.31, 1.8),
    ("pareto", 2): (64, 93.15, 0.63, 16.4),
    ("pareto", 3): (486, 93.85, 0.43, 9.2),
    ("pareto_within", 2): (32, 93.39, 0.66, 11.5),
    ("pareto_within", 3): (72, 93.97, 0.38, 2.6),
}
"""Cells in the final space (median), the best of them by validation, its deviation, candidates never tried,
after a last refill; 100 orders of the candidates."""


def held(nb201, front, kept, seeds):
    judge, told = nb201.oracle("cifar10_test_200").truth, nb201.oracle("cifar10_valid_200").truth
    sizes, picked, never = [], [], []
    for seed in range(seeds):
        settings = DEFAULTS | {"front": front, "kept": kept}
        *_, before, last = [None, *NSE.shrink(nb201.tools(seed), settings)]
        left = judge.left(last)
        sizes.append(left.sum())
        picked.append(judge.accuracies[left][told.accuracies[left].argmax()])
        waiting = [sum(row) - sum(own) for row, own in zip(before, last, strict=True)]
        never.append(sum(max(0, more - kept + sum(own)) for more, own in zip(waiting, last, strict=True)))
        assert 0 < len(nb201.asked) <= {2: 256, 3: 1458}[kept]
    size, mean, sd, untried = REFERENCE[front, kept]
    assert abs(np.mean(picked) - mean) <= 3 * sd * np.sqrt(1 / seeds + 1 / 100)
    if front != "best":
        assert size / 4 <= np.median(sizes) <= size * 4
        assert abs(np.mean(never) - untried) <= 3
    else:
        assert set(sizes) == {1}


@pytest.mark.parametrize(("front", "kept"), [key for key in REFERENCE if key[1] == 2])
def test_with_few_orders(nb201, front, kept):
    held(nb201, front, kept, 25)


@pytest.mark.slow
@pytest.mark.parametrize(("front", "kept"), REFERENCE)
def test_with_as_many_orders_as_the_reference(nb201, front, kept):
    held(nb201, front, kept, 100)


@pytest.mark.parametrize(
    ("candidates", "kept", "count"), [(27, 5, 6), (19, 6, 3), (5, 2, 4), (5, 3, 2), (5, 4, 1)]
)
def test_rounds(candidates, kept, count):
    assert NSE.rounds(candidates, kept) == count


def test_with_four_of_five_the_fifth_is_never_tried(nb201):
    masks = list(NSE.shrink(nb201.tools(0), DEFAULTS | {"kept": 4, "front": "best", "paths": 64}))
    assert [sum(map(sum, mask)) for mask in masks] == [12, 6]  # one inherited, one waiting; then one
    assert len(nb201.asked) <= 64


def test_fronts_by_hand():
    rows = [
        ("a", 90.0, 1.0),
        ("b", 92.0, 2.0),
        ("c", 91.0, 3.0),
        ("d", 92.0, 2.0),
        ("e", 93.0, 4.0),
        ("f", 90.0, 1.5),
    ]
    assert NSE.front_of(rows, {"front": "best"}) == ["e"]
    assert NSE.front_of(rows, {"front": "top", "top": 3}) == ["e", "b", "d"]
    assert NSE.front_of(rows, {"front": "pareto"}) == ["a", "b", "d", "e"]
    near = {"front": "pareto_within", "target": 2.5, "window": 0.5}
    assert NSE.front_of(rows, near) == ["b", "d"]
    assert NSE.front_of(rows, near | {"target": 9.0}) == ["a", "b", "d", "e"]


def test_paths_are_drawn_where_a_round_has_too_many():
    found = list(NSE.paths([[0, 1, 2]] * 6, 50, np.random.default_rng(0)))
    assert len(found) == len(set(found)) == 50


def test_a_front_by_multiply_adds(nb201):
    """No path has 80 million parameters, so that there the window is of no effect."""
    settings = DEFAULTS | {"front": "pareto_within", "kept": 2, "target": 100.0, "window": 20.0}
    by = {cost: list(NSE.shrink(nb201.tools(3), settings | {"cost": cost})) for cost in NSE.COSTS}
    assert by["params_millions"] != by["flops_millions"]
