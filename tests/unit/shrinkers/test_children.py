"""Children are all there are or a budget for every candidate, each once, within limits."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.seeding import generator
from harness.shrinkers._children import children, picks_of
from harness.shrinkers._elimination import dropped
from harness.shrinkers._schedule import lowest_of_each

WIDE = ((True,) * 6,) * 12
NAN = np.nan


def test_few_are_all_told_of():
    rows = ((True, False, True), (False, True), (True, True))
    found = children(rows, 3, None, generator(0, "children"))
    assert found.tolist() == [[0, 1, 0], [0, 1, 1], [2, 1, 0], [2, 1, 1]]


def test_of_many_every_candidate_has_its_budget_and_every_child_is_there_once():
    rows = ((True, False, True, True, True, True), (False, False, False, True, False, False), *WIDE)
    found = children(rows, 30, None, generator(0, "children"))
    assert len(np.unique(found, axis=0)) == len(found)
    for place, row in enumerate(rows):
        counts = np.bincount(found[:, place], minlength=6)
        assert (counts[list(row)] >= 30).all()
        assert counts[~np.array(row)].sum() == 0
    assert len(found) < 30 * 78 / 4, "a child counts for all its candidates"
    np.testing.assert_array_equal(found, children(rows, 30, None, generator(0, "children")))


def test_those_outside_of_the_limits_are_not_told_of():
    within = lambda picks: picks[0] != 5 and picks.sum() <= 30  # noqa: E731
    found = children(WIDE, 8, within, generator(0, "children"))
    assert (found.sum(1) <= 30).all()
    counts = np.bincount(found[:, 0], minlength=6)
    assert (counts[:5] >= 8).all()
    assert counts[5] == 0, "no child of this one is within"
    few = children(((True, True), (True, True)), 10, lambda picks: picks.sum() == 1, generator(0, "children"))
    assert few.tolist() == [[0, 1], [1, 0]]
    none = children(((True, True), (True, True)), 10, lambda picks: False, generator(0, "children"))
    assert none.shape == (0, 2)


def test_what_an_architecture_picks_of_operations():
    darts = spaces.load("darts")
    arch = darts.sample(generator(0, "arch"))
    (picks,) = picks_of(darts, [arch], -1)
    assert (picks >= 0).sum() == 16, "two edges of each node"
    assert picks_of(darts, [], -1).shape == (0, 28)


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        (1, ((True, True, False), (True, True))),
        (2, ((False, True, False), (True, True))),
        (9, ((False, True, False), (False, True))),
    ],
)
def test_over_all_decisions_what_no_child_is_known_of_goes_first(drop, left):
    values = [np.array([0.1, 0.4, NAN]), np.array([0.2, 0.3])]
    assert dropped(((True,) * 3, (True,) * 2), values, drop, generator(0, "drops")) == left


def test_of_each_decision_the_lowest_goes_and_the_last_stays():
    values = [np.array([0.1, 0.4, 0.3]), np.array([0.2, 0.3]), np.array([0.0, 1.0])]
    rows = ((True,) * 3, (True,) * 2, (False, True))
    once = lowest_of_each(rows, values, generator(0, "drops"))
    assert once == ((False, True, True), (False, True), (False, True))
    assert lowest_of_each(once, values, generator(0, "drops")) == ((False, True, False), once[1], once[2])
