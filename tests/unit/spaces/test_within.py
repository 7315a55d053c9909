"""Draws and mutations inside a smaller space."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.spaces import Population, only, without


@pytest.mark.parametrize("name", ["nb201", "nb1shot1_1"])
def test_an_architecture_is_left_where_all_that_has_an_effect_is(name):
    space, rng = spaces.load(name), np.random.default_rng(0)
    for _ in range(50):
        arch = space.sample(rng)
        assert space.leaves(space.full_mask, arch)
        for decision, active in enumerate(space.active(arch)):
            assert space.leaves(without(space.full_mask, decision, arch[decision][0]), arch) != active


def test_mutations_of_a_whole_space_are_the_spaces_own():
    space = spaces.load("nb201")
    population, arch = Population(space, space.listing()), space.listing()[77]
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(5):
        assert population.mutated(arch, one) == space.mutated(arch, other)
    assert population.mask == space.full_mask


def test_mutations_of_a_smaller_one_stay_inside():
    space, rng = spaces.load("nbmacro"), np.random.default_rng(0)
    mask = only(only(space.full_mask, 0, (1,)), 1, (0, 2))
    archs = [arch for arch in space.listing() if space.leaves(mask, arch)]
    population = Population(space, archs, mask)
    assert (population.size, population.mask) == (2 * 3**6, mask)
    drawn = {population.mutated(archs[0], rng) for _ in range(300)}
    assert drawn == {other for other in space.neighbours(archs[0]) if space.leaves(mask, other)}


def test_where_there_is_no_neighbour_it_draws():
    space, rng = spaces.load("nbmacro"), np.random.default_rng(0)
    arch = space.listing()[100]
    alone = Population(space, [arch], space.mask_of(arch))
    assert alone.mutated(arch, rng) == arch
