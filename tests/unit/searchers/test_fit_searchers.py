"""Searchers over fits, on a fitness whose best genome is known."""

from __future__ import annotations

import numpy as np
import pytest

from harness import searchers, spaces
from harness.errors import ConfigError, RunFailed
from harness.scorers import Score
from harness.searchers import Fits
from harness.searchers.genetic_algorithm import crossed, mutated
from harness.spaces import Population

SPACE = spaces.load("nas_dip_2")
SETTINGS = {"population": 8, "generations": 6, "elite": 2, "sample": 3, "mutation": 0.05, "fits": 44}


class Ones:
    """Fitness is the number of bits that are 1 and have an effect; networks are counted."""

    def __init__(self, broken=lambda arch: False, space=SPACE):
        self.calls, self.broken, self.space = [], broken, space

    def fitness(self, archs):
        self.calls.append(list(archs))
        return [
            Score(None, "nan", "the loss left") if self.broken(arch) else Score(float(np.sum(arch)))
            for arch in archs
        ]

    def tools(self, seed=0):
        return Fits(
            population=Population(self.space),
            seed=seed,
            parameters=lambda arch: 0,
            fitness=self.fitness,
        )

    def search(self, name, seed=0, **settings):
        return searchers.load(name).search(self.tools(seed), SETTINGS | settings)


def test_generations_have_their_sizes_and_fit_no_network_twice():
    toy = Ones()
    found = toy.search("genetic_algorithm")
    assert list(map(len, toy.calls)) == [8, *[6] * 5]
    assert sum(map(len, toy.calls)) == searchers.load("genetic_algorithm").networks(SETTINGS)
    fitted = [SPACE.canonical(arch) for call in toy.calls for arch in call]
    assert len(set(fitted)) == len(fitted)
    assert [row["step"] for row in found.trace] == [0] * 8 + [g for g in range(1, 6) for _ in range(6)]
    assert [row["arch"] for row in found.trace] == [SPACE.format(a) for call in toy.calls for a in call]
    assert {row["stage"] for row in found.trace} == {"fit"}
    best = max(found.trace, key=lambda row: row["score"])
    assert SPACE.format(found.arch) == best["arch"]


def test_evolution_finds_more_than_as_many_random_draws():
    sizes = {"population": 20, "generations": 10}
    evolved = [np.sum(Ones().search("genetic_algorithm", seed, **sizes).arch) for seed in range(3)]
    random = [np.sum(Ones().search("random_by_fit", seed, fits=182).arch) for seed in range(3)]
    assert np.mean(evolved) > np.mean(random) + 2


def test_both_searches_begin_with_the_same_networks():
    one, other = Ones(), Ones()
    one.search("genetic_algorithm", 3)
    other.search("random_by_fit", 3)
    assert other.calls[0][:8] == one.calls[0]
    assert len(other.calls[0]) == searchers.load("random_by_fit").networks(SETTINGS) == 44


def test_the_seed_decides():
    found = [Ones().search("genetic_algorithm", seed).trace for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_crossover_takes_whole_stages_and_mutation_flips_its_share():
    zeros, ones = SPACE.parse("0" * 44), SPACE.parse("1" * 44)
    rng = np.random.default_rng(0)
    points = set()
    for _ in range(60):
        child = crossed(SPACE, zeros, ones, rng)
        bits = [pick for (pick,) in child]
        points.add(bits.index(1))
        assert bits == sorted(bits)
    assert points == set(SPACE.crossover_points)
    flips = [np.sum(mutated(SPACE, zeros, 0.5, rng)[:14]) for _ in range(200)]
    assert np.mean(flips) == pytest.approx(7, abs=0.6)


def test_a_generation_is_full_where_every_child_is_known():
    toy = Ones()
    toy.search("genetic_algorithm", mutation=1e-12, population=3, elite=1, generations=40)
    assert len(toy.calls) < 40


def test_fits_that_come_to_nothing_are_the_last():
    some = Ones(broken=lambda arch: arch[0] == (1,))
    assert some.search("genetic_algorithm").arch[0] == (0,)
    with pytest.raises(RunFailed, match="None of 44 fits came to anything: the loss left"):
        Ones(broken=lambda arch: True).search("random_by_fit")


def test_an_elite_that_leaves_no_place_is_refused():
    with pytest.raises(ConfigError, match="searcher.elite must be below searcher.population=8.*received 8"):
        searchers.load("genetic_algorithm").networks(SETTINGS | {"elite": 8})


def test_decisions_of_other_spaces_evolve_too():
    toy = Ones(space=spaces.load("nb201"))
    found = toy.search("genetic_algorithm", generations=12)
    assert np.sum(found.arch) >= 20
