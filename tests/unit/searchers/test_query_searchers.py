"""Searchers that query accuracies: what they ask for, what they pay, and what they find."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from itertools import permutations
from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
import torch

from harness import searchers, spaces
from harness.cli import run
from harness.errors import ConfigError
from harness.options import settings_of
from harness.searchers import Queries
from harness.searchers._budget import Budget
from harness.searchers.reinforce import Adam, Policy, draw
from harness.spaces import Decision, Population, Space

SETTINGS = {
    "random_search": {},
    "regularized_evolution": {"population": 10, "sample": 3},
    "local_search": {},
    "reinforce": {"learning_rate": 0.1},
}
INFORMED = sorted(set(SETTINGS) - {"random_search"})
everywhere = pytest.mark.parametrize(
    "space", [spaces.load(name) for name in spaces.names()], ids=lambda s: s.name
)
searcher = pytest.mark.parametrize("name", sorted(SETTINGS))


class Toy(Space):
    """Four operations of three candidates, two parents of four; ``folded``: operations 0 and 1 are one."""

    name = title = family = "toy"
    decisions = (
        *(Decision(f"op_{index}", ("a", "b", "c")) for index in range(4)),
        Decision("parents", ("0", "1", "2", "3"), picks=2, kind="input"),
    )
    identity_candidates = frozenset()

    def __init__(self, folded=False):
        self.folded = folded

    def listing(self):
        return tuple(self.encodings())

    def format(self, arch):
        return "|".join("".join(map(str, picks)) for picks in arch)

    def parse_text(self, text):
        return tuple(tuple(map(int, part)) for part in text.split("|"))

    def canonical(self, arch):
        return self.format(arch).replace("1|", "0|") if self.folded else self.format(arch)


class Distinct(type(spaces.load("nb201"))):
    """nb201, had it no two architectures that are the same network."""

    def canonical(self, arch):
        return self.format(arch)


def unavailable(*arguments):
    raise AssertionError("a searcher that queries asked for something else")


def tools(space, query, seed=0):
    population = Population(space, space.listing())
    return Queries(population=population, seed=seed, parameters=unavailable, query=query)


class Asked:
    """A query function that remembers what it was asked."""

    def __init__(self, space, accuracy):
        self.space, self.accuracy, self.asked = space, accuracy, []

    def __call__(self, arch):
        self.asked.append(arch)
        return self.accuracy(arch)

    def search(self, name, queries, seed=0, **settings):
        handed = tools(self.space, self, seed)
        return searchers.load(name).search(handed, {"queries": queries, **SETTINGS[name], **settings})


def hashed(space):
    """An accuracy without structure, the same for all architectures of a network, no two alike."""

    def accuracy(arch):
        digest = hashlib.sha256(space.canonical(arch).encode()).digest()
        return 100 * int.from_bytes(digest[:6], "big") / 2**48

    return accuracy


def additive(space, seed=0):
    """A sum over the picks of all decisions with an effect."""
    worth = [
        np.random.default_rng([seed, d]).normal(size=len(x.candidates)) for d, x in enumerate(space.decisions)
    ]

    def accuracy(arch):
        active = space.active(arch)
        return 50 + sum(worth[d][list(picks)].sum() for d, picks in enumerate(arch) if active[d])

    return accuracy


def best(found):
    return max(row["accuracy"] for row in found.trace)


@everywhere
@searcher
@pytest.mark.parametrize("budget", [1, 45])
def test_the_budget_is_kept_and_no_network_is_paid_for_twice(space, name, budget):
    queries = Asked(space, hashed(space))
    found = queries.search(name, budget)
    assert len(queries.asked) == budget
    assert len({space.canonical(arch) for arch in queries.asked}) == budget
    assert [row["index"] for row in found.trace] == list(range(budget))
    assert [row["arch"] for row in found.trace] == [space.format(arch) for arch in queries.asked]
    assert [row["accuracy"] for row in found.trace] == [queries.accuracy(arch) for arch in queries.asked]
    assert {row["stage"] for row in found.trace} == {"query"}
    assert found.arch == max(queries.asked, key=queries.accuracy)
    assert all(space.normalise(arch) == arch for arch in queries.asked)


@everywhere
@searcher
def test_the_seed_and_nothing_else_decides(space, name):
    state = np.random.get_state()[1].tolist()
    first = Asked(space, hashed(space)).search(name, 30)
    np.random.default_rng(0).random()
    assert Asked(space, hashed(space)).search(name, 30) == first
    assert Asked(space, hashed(space)).search(name, 30, seed=1).trace != first.trace
    assert np.random.get_state()[1].tolist() == state


@searcher
@pytest.mark.parametrize("folded", [False, True])
def test_a_search_ends_where_the_space_does(name, folded):
    space = Toy(folded)
    queries = Asked(space, hashed(space))
    found = queries.search(name, 10_000)
    networks = len({space.canonical(arch) for arch in space.listing()})
    assert networks == (2 if folded else 3) ** 4 * 6
    if name in ("random_search", "local_search"):
        assert len(queries.asked) == networks
        assert best(found) == max(map(queries.accuracy, space.listing()))
    assert 10 < len(queries.asked) <= networks


@searcher
def test_a_missing_figure_never_wins(name):
    space = spaces.load("nbmacro")
    known = hashed(space)
    queries = Asked(space, lambda arch: known(arch) if 20 < known(arch) < 60 else nan)
    found = queries.search(name, 40)
    accuracies = [row["accuracy"] for row in found.trace]
    assert len(accuracies) == 40
    assert any(map(isnan, accuracies))
    assert {row.get("status") for row in found.trace if isnan(row["accuracy"])} == {"unknown"}
    assert {row.get("status") for row in found.trace if not isnan(row["accuracy"])} == {None}
    assert known(found.arch) == np.nanmax(accuracies)


@searcher
def test_no_figure_at_all_ends_with_the_first(name):
    queries = Asked(spaces.load("nb201"), lambda arch: nan)
    found = queries.search(name, 15)
    assert len(queries.asked) == 15
    assert found.arch == queries.asked[0]


@pytest.mark.parametrize("name", INFORMED)
@pytest.mark.parametrize("space", ["nbmacro", "nb201", "nb1shot1_1"])
def test_they_beat_random_search_where_decisions_add_up(name, space):
    space = spaces.load(space)
    queries = Asked(space, additive(space))
    ours, random = (
        np.array([best(queries.search(each, 100, seed)) for seed in range(10)])
        for each in (name, "random_search")
    )
    assert ours.mean() > random.mean() + 3 * (ours - random).std(ddof=1) / 10**0.5


def test_a_known_network_is_free():
    space = Toy(folded=True)
    queries = Asked(space, additive(space))
    budget = Budget(tools(space, queries), 2)
    first, same, other = (space.parse(f"{start}|2|2|2|01") for start in (0, 1, 2))
    assert not budget.knows(same)
    accuracy = budget.accuracy(first)
    assert budget.knows(same)
    assert accuracy == budget.accuracy(same) != queries.accuracy(same)
    assert (budget.left, queries.asked) == (1, [first])
    budget.accuracy(other)
    with pytest.raises(ValueError, match="all 2 queries are spent"):
        budget.accuracy(space.parse("2|2|2|2|02"))


def test_a_search_among_known_networks_is_stuck():
    space = Toy()
    budget = Budget(tools(space, hashed(space)), 5)
    one, other = space.listing()[:2]
    for _ in range(500):
        budget.accuracy(one)
    assert not budget.stuck
    budget.accuracy(one)
    assert budget.stuck
    budget.accuracy(other)
    assert not budget.stuck


@everywhere
def test_a_mutation_is_a_neighbour_and_every_neighbour_a_mutation(space):
    rng = np.random.default_rng(0)
    wide = max(len(decision.options) for decision in space.decisions) > 100  # too many to meet each of them
    for arch in (space.sample(rng) for _ in range(3)):
        children = Counter(space.mutated(arch, rng) for _ in range(6000 if space.listing() is None else 1500))
        neighbours = set(space.neighbours(arch))
        assert set(children) <= neighbours
        assert wide or len(children) == len(neighbours)


def test_a_mutation_draws_the_decision_before_the_pick():
    space, rng = Toy(), np.random.default_rng(0)
    arch = space.listing()[7]
    children = Counter(space.mutated(arch, rng) for _ in range(5_000))
    for child, count in children.items():
        (changed,) = (d for d in range(5) if child[d] != arch[d])
        expected = 5_000 / 5 / (2 if changed < 4 else 5)
        assert abs(count - expected) < 5 * expected**0.5


def test_the_oldest_dies_however_good_it_is():
    """Every query is worse than those before. Were the worst to die, the first would be a parent for ever."""
    space = spaces.load("nbmacro")
    queries = Asked(space, lambda arch: 100.0 - len(queries.asked))
    queries.search("regularized_evolution", 80, population=4, sample=50)
    assert len(queries.asked) == 80 > 4 + len(space.neighbours(queries.asked[0]))


def test_the_parent_is_the_best_of_the_sample():
    space = Distinct()
    queries = Asked(space, hashed(space))
    for seed in range(10):
        queries.asked.clear()
        queries.search("regularized_evolution", 7, seed, population=6, sample=300)
        *members, child = queries.asked
        assert child in space.neighbours(max(members, key=queries.accuracy))


@everywhere
@pytest.mark.parametrize("landscape", [hashed, additive])
def test_local_search_looks_all_around_and_goes_to_the_best(space, landscape):
    """The queries, cut into neighbourhoods again by the algorithm's description."""
    queries = Asked(space, landscape(space))
    queries.search("local_search", 150 if space.listing() else 1500)
    pending, known, restarts = list(queries.asked), {}, -1

    def take(count):
        for arch in pending[:count]:
            known[space.canonical(arch)] = queries.accuracy(arch)
        del pending[:count]

    while pending:
        restarts += 1
        here, standing = pending[0], -1e9
        take(1)
        while pending and known[space.canonical(here)] > standing:
            standing = known[space.canonical(here)]
            around = space.neighbours(here)
            new = {space.canonical(arch) for arch in around} - set(known)
            asked = [space.canonical(arch) for arch in pending[: len(new)]]
            assert set(asked) <= new
            assert len(asked) == len(set(asked))
            take(len(new))
            if pending:
                here = max(around, key=lambda arch: known[space.canonical(arch)])
    assert restarts > 0 or landscape is additive


@pytest.mark.parametrize("seed", range(5))
def test_local_search_finds_the_optimum_of_a_sum(seed):
    """Each step sets one decision right: as many neighbourhoods as decisions are enough."""
    space = Toy()
    queries = Asked(space, additive(space, seed))
    found = queries.search(
        "local_search", 1 + len(space.decisions) * len(space.neighbours(space.listing()[0])), seed
    )
    assert found.arch == max(space.listing(), key=queries.accuracy)


def log_probability(logits, order):
    """Plackett-Luce: of drawing ``order``, one after the other without replacement."""
    return sum(
        logits[pick] - np.log(np.exp(np.delete(logits, order[:position])).sum())
        for position, pick in enumerate(order)
    )


@pytest.mark.parametrize("picks", [1, 2, 3])
def test_draws_have_the_probability_of_draws_without_replacement(picks):
    logits, rng = np.array([0.4, -1.0, 0.9, 0.0]), np.random.default_rng(0)
    counts = Counter(draw(logits, picks, rng)[0] for _ in range(5_000))
    for chosen, count in counts.items():
        share = sum(np.exp(log_probability(logits, order)) for order in permutations(chosen))
        assert abs(count / 5_000 - share) < 5 * (share / 5_000) ** 0.5


@pytest.mark.parametrize("picks", [1, 2, 3])
def test_the_gradient_is_that_of_the_draws_log_probability(picks):
    logits, seen = np.array([0.4, -1.0, 0.9, 0.0]), set()
    steps = 1e-6 * np.eye(4)
    orders = list(permutations(range(4), picks))
    slopes = [
        [(log_probability(logits + h, o) - log_probability(logits - h, o)) / 2e-6 for h in steps]
        for o in orders
    ]
    rng = np.random.default_rng(1)
    for _ in range(300):
        chosen, gradient = draw(logits, picks, rng)
        (fitting,) = (i for i, slope in enumerate(slopes) if np.allclose(slope, gradient, rtol=0, atol=1e-7))
        assert tuple(sorted(orders[fitting])) == chosen
        seen.add(orders[fitting])
    assert len(seen) > len(orders) / 2


def test_a_policy_as_sure_as_can_be_still_draws():
    chosen, gradient = draw(np.array([0.0, 5000.0, -5000.0, 2000.0]), 3, np.random.default_rng(0))
    assert chosen == (0, 1, 3)
    assert not gradient.any()


@everywhere
def test_decisions_without_effect_have_no_gradient(space):
    policy, rng, silent = Policy(space), np.random.default_rng(0), 0
    for _ in range(50):
        arch, gradient = policy.draw(rng)
        rows = np.split(gradient, np.cumsum([len(decision.candidates) for decision in space.decisions])[:-1])
        for row, active in zip(rows, space.active(arch), strict=True):
            assert row.any() == active
            silent += not active
            assert abs(row.sum()) < 1e-12
    assert (silent > 0) == (space.family in ("nb1shot1", "darts", "nas_dip"))


def test_adam_is_torchs():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(30, 5)) * 10.0 ** rng.integers(-4, 2, size=(30, 1))
    parameters = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    theirs, ours, values = torch.optim.Adam([parameters], lr=0.07, maximize=True), Adam(5, 0.07), np.zeros(5)
    for gradient in gradients:
        parameters.grad = torch.tensor(gradient)
        theirs.step()
        values = values + ours.step(gradient)
        np.testing.assert_allclose(values, parameters.detach().numpy(), rtol=1e-12, atol=1e-15)


def test_rewards_that_equal_their_average_teach_nothing():
    queries = Asked(spaces.load("nbmacro"), lambda arch: 100.0)
    slow, fast = (queries.search("reinforce", 50, learning_rate=rate) for rate in (0.001, 10.0))
    assert slow == fast


def test_a_fast_policy_settles_and_ends_early():
    space = spaces.load("nb201")
    queries = Asked(space, additive(space))
    queries.search("reinforce", 100, learning_rate=5.0)
    assert 1 < len(queries.asked) < 100


@pytest.mark.parametrize("value", [0, -0.1, nan, float("inf"), "a", None, True, [0.1]])
def test_a_learning_rate_is_a_positive_number(value):
    options = searchers.load("reinforce").OPTIONS
    with pytest.raises(ConfigError, match=r"searcher\.learning_rate must be a positive number; received "):
        settings_of("searcher", {"name": "reinforce", "queries": 5, "learning_rate": value}, options)


def test_a_whole_learning_rate_is_the_same_setting():
    options = searchers.load("reinforce").OPTIONS
    settings = settings_of("searcher", {"name": "reinforce", "queries": 5, "learning_rate": 1}, options)
    assert settings == {"queries": 5, "learning_rate": 1.0}
    assert isinstance(settings["learning_rate"], float)
    assert isinstance(settings["queries"], int)


NUMBER, INTEGER = "must be a positive number; received", "must be a positive integer; received"
BAD = [
    (["searcher=reinforce", "searcher.learning_rate=0"], f"searcher.learning_rate {NUMBER} 0."),
    (["searcher=local_search", "searcher.queries=0.5"], f"searcher.queries {INTEGER} 0.5."),
    (["searcher=regularized_evolution", "searcher.sample=0"], f"searcher.sample {INTEGER} 0."),
    (["searcher=local_search", "searcher.population=3"], "Unknown setting 'searcher.population'."),
    (["searcher=regularised_evolution"], "Did you mean 'regularized_evolution'?"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_settings_are_answered_in_a_sentence(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["harness"])
    assert run.main(["task=search", *arguments, f"results={tmp_path / 'results'}"]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", INFORMED)
def test_a_run_of_the_command_line(name, tmp_path, monkeypatch):
    """On a label that only half of the architectures have."""
    monkeypatch.setattr(sys, "argv", ["harness"])
    asked = ["task=search", "space=nb201", "label=cifar10_test_200_run3", f"searcher={name}"]
    assert run.main([*asked, f"results={tmp_path}"]) == 0
    folder = tmp_path / "records" / "search" / "nb201" / "cifar10_test_200_run3" / name / "seed=0"
    (path,) = set(folder.glob("*.json")) - set(folder.glob("*.timing.json"))
    record = json.loads(path.read_text())
    rows = pd.read_parquet(folder / record["rows"]["file"])
    assert (len(rows), record["statistics"]["table_queries"]) == (100, 100)
    assert rows["accuracy"].isna().any()
    assert record["statistics"]["accuracy"] == rows["accuracy"].max()
    assert record["statistics"]["evaluations"] == 0
