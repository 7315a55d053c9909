"""Searchers that score networks by a proxy: what they ask for, what is within limits, and what they find."""

from __future__ import annotations

import hashlib
import re
from math import inf, nan

import numpy as np
import pytest

from harness import searchers, spaces
from harness.aggregations import combine
from harness.errors import ConfigError, RunFailed
from harness.scorers import Score
from harness.searchers import Limits, Networks, _limits
from harness.searchers.evolution_by_proxy import STARTS
from harness.seeding import generator
from harness.spaces import Population

SETTINGS = {"random_by_proxy": {}, "evolution_by_proxy": {"population": 10}, "local_search_by_proxy": {}}
everywhere = pytest.mark.parametrize("space", ["nbmacro", "nb201", "nb1shot1_1", "darts_s3"])
searcher = pytest.mark.parametrize("name", sorted(SETTINGS))


def hashed(space):
    """A score without structure, the same for all architectures of a network."""

    def score(arch):
        digest = hashlib.sha256(space.canonical(arch).encode()).digest()
        return Score(int.from_bytes(digest[:6], "big") / 2**48)

    return score


def operations(space):
    """How many operations do something: a score with one obvious optimum."""
    return lambda arch: Score(float(space.non_identity_operations(arch)))


class Asked:
    """Tools that remember what was measured."""

    def __init__(self, space, score, limits=None, parts=("score",), ranked=None):
        self.space, self.score, self.parts, self.ranked = spaces.load(space), None, parts, ranked
        self.score = score(self.space)
        self.limits = limits or Limits({}, {})
        self.batches = []

    @property
    def asked(self):
        return [arch for batch in self.batches for arch in batch]

    def measure(self, archs):
        self.batches.append(list(archs))
        return [{part: self.score(arch) for part in self.parts} for arch in archs]

    def combine(self, measured):
        if self.ranked:
            return self.ranked(measured)
        return [each["score"] for each in measured]

    def search(self, name, evaluations, seed=0, **settings):
        tools = Networks(
            population=Population(self.space, self.space.listing()), seed=seed, parameters=None,
            measure=self.measure, combine=self.combine, limits=self.limits,
        )  # fmt: skip
        asked = {"evaluations": evaluations, **SETTINGS[name], **settings}
        return searchers.load(name).search(tools, asked)


@everywhere
@searcher
@pytest.mark.parametrize("budget", [1, 45])
def test_the_budget_is_kept_and_every_network_is_scored_once(space, name, budget):
    tools = Asked(space, hashed)
    found = tools.search(name, budget)
    networks = [tools.space.canonical(arch) for arch in tools.asked]
    assert len(networks) == len(set(networks)) == budget
    assert [row["arch"] for row in found.trace] == [tools.space.format(arch) for arch in tools.asked]
    assert [row["score"] for row in found.trace] == [tools.score(arch).value for arch in tools.asked]
    assert {(row["stage"], row["status"]) for row in found.trace} == {("score", "ok")}
    assert found.arch == max(tools.asked, key=lambda arch: tools.score(arch).value)


@everywhere
@searcher
def test_the_seed_and_nothing_else_decides(space, name):
    state = np.random.get_state()[1].tolist()
    first = Asked(space, hashed).search(name, 30)
    assert Asked(space, hashed).search(name, 30) == first
    assert Asked(space, hashed).search(name, 30, seed=1).trace != first.trace
    assert np.random.get_state()[1].tolist() == state


@everywhere
@searcher
def test_all_are_within_the_limits(space, name):
    """Of operations that do something half of what an architecture drawn has."""
    of = spaces.load(space)
    half = np.median([of.non_identity_operations(of.sample(generator(seed, "a"))) for seed in range(50)])
    limits = Limits({"operations": half}, {"operations": of.non_identity_operations})
    tools = Asked(space, operations, limits)
    found = tools.search(name, 60)
    assert max(map(of.non_identity_operations, tools.asked)) == of.non_identity_operations(found.arch) == half
    assert limits.outside > 0


@searcher
def test_an_undefined_score_never_wins(name):
    def some(space):
        known = hashed(space)
        return lambda arch: known(arch) if known(arch).value < 0.5 else Score(None, "nan", "it is 0 / 0")

    tools = Asked("nb201", some)
    found = tools.search(name, 40)
    values = [row["score"] for row in found.trace]
    assert {row["status"] for row in found.trace} == {"ok", "nan"}
    assert tools.score(found.arch).value == max(value for value in values if value is not None)


@searcher
def test_no_score_at_all_is_a_failed_run(name):
    tools = Asked("nb201", lambda space: lambda arch: Score(None, "inf", "it overflows"))
    with pytest.raises(RunFailed, match=r"None of 15 networks has a score.*: it overflows\.$"):
        tools.search(name, 15)


@searcher
def test_a_population_proxy_ranks_all_networks_that_were_scored(name):
    """Two opposite views: whoever is in the middle of both is the best."""

    def ranked(measured):
        parts = ("one", "other")
        columns = {
            part: {
                "score": [each[part].value * (1 if part == "one" else -1) for each in measured],
                "status": ["ok"] * len(measured),
                "reason": [""] * len(measured),
            }
            for part in parts
        }
        return [Score(value) for value in combine("log_rank_sum", columns)[0].tolist()]

    tools = Asked("nb201", hashed, parts=("one", "other"), ranked=ranked)
    found = tools.search(name, 31)
    stages = [row["stage"] for row in found.trace]
    assert stages == ["one", "other", "score"] * 31
    scores = [row["score"] for row in found.trace if row["stage"] == "score"]
    final = ranked([{part: tools.score(arch) for part in tools.parts} for arch in tools.asked])
    assert scores == [score.value for score in final]
    own = sorted(tools.score(arch).value for arch in tools.asked)
    assert tools.score(found.arch).value == own[15]


def test_children_are_mutations_of_the_members_and_the_worst_leaves():
    """With two members a child is a neighbour of one of the two best so far."""
    tools = Asked("nb201", hashed)
    tools.search("evolution_by_proxy", 60, population=2)
    first, *children = tools.batches
    assert len(first) == 2 < STARTS
    seen = list(first)
    for (child,) in children:
        best = sorted(seen, key=lambda arch: -tools.score(arch).value)[:2]
        classes = {tools.space.canonical(arch) for member in best for arch in tools.space.neighbours(member)}
        assert tools.space.canonical(child) in classes
        seen.append(child)


@everywhere
def test_local_search_ends_a_climb_where_no_neighbour_is_better(space):
    tools = Asked(space, operations)
    found = tools.search("local_search_by_proxy", 700)
    value = tools.score(found.arch).value
    assert all(tools.score(arch).value <= value for arch in tools.space.neighbours(found.arch))


def test_a_space_that_ends_ends_the_search():
    tools = Asked("nbmacro", operations, Limits({"operations": 1}, {"operations": lambda arch: weight(arch)}))
    for name in ("random_by_proxy", "local_search_by_proxy"):
        tools.batches.clear()
        tools.search(name, 10_000)
        classes = {tools.space.canonical(a) for a in tools.space.listing() if weight(a) <= 1}
        assert {tools.space.canonical(arch) for arch in tools.asked} == classes


def weight(arch):
    return sum(picks[0] for picks in arch)


def test_a_cost_that_is_not_known_is_not_within_a_limit():
    limits = Limits({"latency": 5.0}, {"latency": lambda arch: {0: nan, 1: 5.0, 2: 5.1}[arch]})
    assert [limits.within(arch) for arch in (0, 1, 2)] == [False, True, False]
    assert limits.outside == 2
    assert Limits({}, {}).within(0)


def test_draws_end_after_so_many_outside(monkeypatch):
    monkeypatch.setattr(_limits, "DRAWS", 5)
    limits = Limits({"size": 3.0}, {"size": float})
    assert list(limits.those_within([9, 1, 9, 9, 9, 9, 2, 9, 9, 9, 9, 9, 3], 5)) == [1, 2]
    unlisted = Drawn([9, 8, 7, 9, 9, 1], listed=False)
    Limits({"size": 3.0}, {"size": float}).require_some(Drawn([9, 9, 1], listed=False), None)
    words = "None of 5 architectures drawn of nb201 is within limits.size=3; the lowest met have size 7: "
    with pytest.raises(ConfigError, match=re.escape(words)):
        Limits({"size": 3.0}, {"size": float}).require_some(unlisted, None)
    Limits({"size": 3.0}, {"size": float}).require_some(Drawn(unlisted.archs, listed=True), None)
    with pytest.raises(ConfigError, match="have size not known of any"):
        Limits({"size": 3.0}, {"size": lambda arch: nan}).require_some(unlisted, None)


class Drawn(Population):
    """Draws of nb201 that are numbers, of a list or without one."""

    def __init__(self, archs, listed):
        super().__init__(spaces.load("nb201"), archs if listed else None)
        self.archs = archs

    def shuffled(self, rng):
        return iter(self.archs)


def test_pool_values_are_those_of_networks():
    from harness.searchers._pool import Pool

    tools = Asked("nb201", hashed)
    pool = Pool(tools, 2)
    first, same = tools.space.listing()[0], tools.space.listing()[0]
    pool.add([first, same])
    assert (pool.left, pool.value(first), len(tools.asked)) == (1, tools.score(first).value, 1)
    other = next(arch for arch in tools.space.listing() if not pool.knows(arch))
    assert pool.value(other) == -inf
