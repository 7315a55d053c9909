"""PNAS: stages, what it pays, who is chosen, and how it stands beside random search."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import nan

import numpy as np
import pytest

from harness import benchmarks, searchers, spaces
from harness.cli._compose import composing, run_configs
from harness.errors import ConfigError, RunFailed
from harness.searchers import Limits, Queries
from harness.searchers._predictor import features, predicted

PNAS = searchers.load("pnas")


class Asked:
    """Accuracies of a table under one label, those asked for, and how what is found is reported."""

    def __init__(self, space, told, reported):
        self.benchmark, self.told, self.reported = benchmarks.load(space), told, reported
        self.archs = []

    def tools(self, seed):
        self.archs = []
        return Queries(population=self.benchmark.population, seed=seed, parameters=None, query=self._query)

    def _query(self, arch):
        self.archs.append(arch)
        return float(self.benchmark.goodness([arch], self.told)[0])

    def mean(self, name, settings, seeds):
        found = [searchers.load(name).search(self.tools(seed), settings).arch for seed in range(seeds)]
        return self.benchmark.goodness(found, self.reported).mean()


@pytest.fixture(scope="module")
def nb201():
    return Asked("nb201", "cifar10_valid_200", "cifar10_test_200")


@pytest.mark.parametrize("predictor", ["ridge", "mlp"])
def test_stages_and_what_they_cost(nb201, predictor):
    found = PNAS.search(nb201.tools(0), {"beam": 6, "predictor": predictor})
    space = nb201.benchmark.space
    assert len(nb201.archs) == len(found.trace) == 4 + 3 * 6
    assert len({space.canonical(arch) for arch in nb201.archs}) == len(nb201.archs)
    for first, last, grown in ((0, 4, {3}), (4, 10, {3, 0, 4}), (10, 16, {3, 0, 4, 1, 5})):
        for arch in nb201.archs[first:last]:
            assert all(arch[decision] == (0,) for decision in set(range(6)) - grown)
    told = [nb201.benchmark.value(arch, "cifar10_valid_200") for arch in nb201.archs]
    assert nb201.benchmark.value(found.arch, "cifar10_valid_200") == max(told[16:])  # of the last stage alone
    again = [space.format(arch) for arch in nb201.archs]
    PNAS.search(nb201.tools(0), {"beam": 6, "predictor": predictor})
    assert again == [space.format(arch) for arch in nb201.archs]


def test_it_loses_to_random_search_with_few_queries_and_wins_with_many(nb201):
    few, many = ({"beam": beam, "predictor": "ridge"} for beam in (16, 32))
    assert nb201.mean("pnas", few, 12) < nb201.mean("random_search", {"queries": 52}, 12)
    assert nb201.mean("pnas", many, 12) > nb201.mean("random_search", {"queries": 100}, 12)


REFERENCE = {8: (92.48, 0.44), 16: (93.34, 0.66), 32: (93.91, 0.26), 64: (94.12, 0.30)}
"""Mean and deviation of 60 seeds of another simulation, which fit to the cell without a way too."""


@pytest.mark.slow
def test_it_is_no_worse_than_a_simulation_that_pays_for_the_dead_cell(nb201):
    for beam, (mean, sd) in REFERENCE.items():
        assert nb201.mean("pnas", {"beam": beam, "predictor": "ridge"}, 60) > mean - 3 * sd * np.sqrt(2 / 60)


@pytest.mark.parametrize("name", ["nbmacro", "nb1shot1_1", "nb101"])
def test_other_spaces(name):
    label = benchmarks.load(name).default_label.name
    asked = Asked(name, label, label)
    found = PNAS.search(asked.tools(0), {"beam": 3, "predictor": "ridge"})
    space = asked.benchmark.space
    first = len({space.canonical(space.normalise(each)) for each in space.grown(None, 0)})
    assert len(asked.archs) <= first + 3 * (space.stages - 1)
    assert np.isfinite(asked.benchmark.value(found.arch, label))


def test_it_grows_within_limits(nb201):
    limits = Limits(
        {"convolutions": 3.0}, {"convolutions": lambda arch: float(sum(p in (2, 3) for (p,) in arch))}
    )
    tools = replace(nb201.tools(0), limits=limits)
    PNAS.search(tools, {"beam": 6, "predictor": "ridge"})
    assert max(sum(pick in (2, 3) for (pick,) in arch) for arch in nb201.archs) == 3
    none = replace(nb201.tools(0), limits=Limits({"convolutions": 3.0}, {"convolutions": lambda arch: 9.0}))
    with pytest.raises(RunFailed, match="within the limits"):
        PNAS.search(none, {"beam": 6, "predictor": "ridge"})


def test_where_nothing_is_known_it_says_so():
    population = spaces.Population(spaces.load("nbmacro"))
    tools = Queries(population=population, seed=0, parameters=None, query=lambda arch: nan)
    with pytest.raises(RunFailed, match="No accuracy is known of the networks of stage 1"):
        PNAS.search(tools, {"beam": 2, "predictor": "ridge"})


def test_a_space_that_does_not_say_how_it_grows_is_refused():
    words = "searcher=pnas grows architectures stage by stage, and darts does not say how its own grow"
    with composing(), pytest.raises(ConfigError, match=words):
        run_configs(["task=search", "searcher=pnas", "space=darts"])


def test_features_by_hand():
    space = spaces.load("nb1shot1_1")
    arch = space.listing()[0]
    picks = features(space, [arch], pairs=False)[0]
    starts = np.cumsum([0, *(len(decision.candidates) for decision in space.decisions)])
    for start, decision, option, active in zip(
        starts, space.decisions, arch, space.active(arch), strict=False
    ):
        own = picks[start : start + len(decision.candidates)]
        assert set(np.flatnonzero(own)) == (set(option) if active else set())
    both = features(space, [arch], pairs=True)[0]
    counts = [len(option) * active for option, active in zip(arch, space.active(arch), strict=True)]
    assert both.sum() == picks.sum() + sum(one * other for one, other in combinations(counts, 2))


def test_a_linear_truth_is_learnt():
    space, rng = spaces.load("nbmacro"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(80)]
    truth = [80.0 + sum(pick for (pick,) in arch) for arch in archs]
    for predictor in ("ridge", "mlp"):
        guessed = predicted(space, list(zip(archs[:60], truth, strict=False)), archs[60:], predictor, 0)
        assert np.corrcoef(guessed, truth[60:])[0, 1] > 0.9
    one = predicted(space, [(archs[0], 90.0)], archs[:3], "ridge", 0)
    np.testing.assert_allclose(one, 90.0)
