"""One candidate at a time, and none that a decision cannot spare."""

from itertools import pairwise

import pytest

from harness import shrinkers, spaces
from harness.searchers import Tools


def shrunk(space, seed=0, steps=10):
    tools = Tools(population=spaces.Population(spaces.load(space)), seed=seed, parameters=None)
    return list(shrinkers.load("random_drop").shrink(tools, {"steps": steps}))


@pytest.mark.parametrize("space", spaces.names())
def test_every_step_drops_one_candidate(space):
    masks = [spaces.load(space).full_mask, *shrunk(space)]
    for before, after in pairwise(masks):
        pairs = [
            (old, new) for rows in zip(before, after, strict=True) for old, new in zip(*rows, strict=True)
        ]
        assert sum(old and not new for old, new in pairs) == 1
        assert not any(new and not old for old, new in pairs)


def test_it_ends_when_every_decision_is_made():
    masks = shrunk("nb201", steps=100)
    assert len(masks) == 24
    assert all(sum(row) == 1 for row in masks[-1])


def test_draws_follow_the_seed():
    assert shrunk("nb201", 1) == shrunk("nb201", 1) != shrunk("nb201", 2)
