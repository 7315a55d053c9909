"""Draws from a list and from a space without one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError
from harness.spaces import Population

SPACE = spaces.load("nbmacro")


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_list_is_drawn_from_by_position():
    archs = SPACE.listing()[5:50]
    population = Population(SPACE, archs)
    assert population.sample(rng()) == archs[int(rng().integers(45))]
    assert list(population.shuffled(rng())) == [archs[index] for index in rng().permutation(45)]
    assert (population.size, len(population)) == (45, 45)


def test_of_several_architectures_of_a_network_one_is_drawn():
    population = Population(SPACE, SPACE.listing())
    drawn = population.sample_distinct(300, rng())
    assert len({SPACE.canonical(arch) for arch in drawn}) == 300
    assert drawn == population.sample_distinct(301, rng())[:300]


def test_without_a_list_every_decision_is_drawn_uniformly():
    population, generator = Population(SPACE), rng()
    assert population.size == 3**8
    counts = Counter((d, pick) for _ in range(3_000) for d, pick in enumerate(population.sample(generator)))
    assert len(counts) == 24
    assert all(abs(count - 1_000) < 5 * 1_000**0.5 for count in counts.values())


def test_without_a_list_draws_are_normalised_and_end():
    space = spaces.load("nb1shot1_1")
    drawn = Population(space).sample_distinct(400, rng())
    assert all(space.normalise(arch) == arch for arch in drawn)
    assert len({space.canonical(arch) for arch in drawn}) == len(drawn) == 400
    small = Population(SPACE)
    assert 3_000 < len(small.sample_distinct(10**9, rng())) <= 3_969


def test_what_needs_a_list_says_so():
    with pytest.raises(
        ConfigError, match="Task x needs a list of all architectures, and nobody lists the 6,561 of nbmacro"
    ):
        Population(SPACE).listed("Task x")
    with pytest.raises(ConfigError, match="nobody lists"):
        len(Population(SPACE))
