"""Searchers of trained supernets, on a toy whose right answer is known, and on one that only counts."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from harness import searchers
from harness.errors import UnknownNameError
from harness.groups import settings
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.searchers import darts as darts_search
from harness.searchers import darts_pt as darts_pt_search
from harness.spaces import Population, only
from tests.unit.training.toy import OPERATIONS, ToySpace, toy, trained_toy

WAYS = [
    ("darts", "darts"), ("darts", "darts_second_order"),
    ("darts_pt", "darts"), ("darts_pt", "darts_second_order"), ("darts_pt", "fixed_alphas"),
]  # fmt: skip
SETTINGS = {"darts": {}, "darts_pt": {"order": "random"}}


def refused(*arguments: object) -> None:
    raise AssertionError("a searcher of a trained supernet asked for something else")


def search(name: str, trained, asked=None, seed: int = 0):
    handed = TrainedSupernet(
        population=Population(trained.space), seed=seed, parameters=refused, trained=trained
    )
    return searchers.load(name).search(handed, SETTINGS[name] if asked is None else asked)


def test_what_is_tested_here_reads_trained_supernets():
    for name in SETTINGS:
        assert searchers.load(name).EVIDENCE == "trained"
        assert settings("searcher", {"name": name, **SETTINGS[name]}) == SETTINGS[name]
    assert darts_search.ASKS["alphas"]
    assert not darts_pt_search.ASKS["alphas"]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("name", "method"), WAYS)
def test_the_right_architecture_is_found(name, method, seed):
    trained = trained_toy(method, seed)
    assert search(name, trained, seed=seed).arch == trained.space.best


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_same_seed_finds_the_same_by_the_same_scores(name):
    first, second = (search(name, trained_toy("darts", 1), seed=3) for _ in range(2))
    assert first == second


def test_darts_takes_the_largest_parameters_and_records_them_all():
    trained = toy(inputs=True)
    with torch.no_grad():
        for alpha, values in zip(trained.alphas, ([0, 2, 1], [3, 1, 2], [1, 0, 2]), strict=True):
            alpha.copy_(torch.tensor(values))
    found = search("darts", trained)
    assert found.arch == ((1,), (0,), (0, 2))
    scores = {(row["decision"], row["candidate"]): row["score"] for row in found.trace}
    assert scores == {
        ("halves", "skip"): 0, ("halves", "avg_pool"): 2, ("halves", "pattern"): 1,
        ("quadrants", "skip"): 3, ("quadrants", "avg_pool"): 1, ("quadrants", "pattern"): 2,
        ("parents", "image"): 1, ("parents", "halves"): 0, ("parents", "quadrants"): 2,
    }  # fmt: skip
    assert {(row["stage"], row["status"], row["reason"]) for row in found.trace} == {("decision", "ok", "")}


class Counting:
    """In place of a trained supernet: accuracies from a table, and a list of what is asked for."""

    def __init__(self, worth: dict[tuple[int, int], float], parents: int = 4) -> None:
        self.space = ToySpace(inputs=True)
        names = tuple(f"parent_{index}" for index in range(parents))
        spec = self.space.decisions[2]
        self.space.decisions = (*self.space.decisions[:2], type(spec)("parents", names, 2, "input"))
        self.worth, self.tuned, self.asked = worth, [], Counter()

    def accuracy(self, mask):
        self.asked[mask] += 1
        return sum(
            self.worth.get((decision, candidate), 0.0)
            for decision, row in enumerate(mask)
            for candidate, alive in enumerate(row)
            if alive
        )

    def fine_tune(self, mask):
        self.tuned.append(mask)


WORTH = {(0, 1): 5.0, (0, 2): 4.0, (1, 2): 3.0, (2, 0): 2.0, (2, 1): 1.0, (2, 2): 4.0, (2, 3): 3.0}


def test_darts_pt_decides_operations_first_and_tunes_between_decisions():
    toy = Counting(WORTH)
    found = search("darts_pt", toy, {"order": "fixed"})
    assert found.arch == ((1,), (2,), (2, 3))
    full = toy.space.full_mask
    first = only(full, 0, (1,))
    assert toy.tuned == [first, only(first, 1, (2,))], (
        "the supernet is tuned between two decisions, not after"
    )
    rows = [(row["step"], row["decision"], row["candidate"], row["score"]) for row in found.trace]
    operations = [(0, "halves", OPERATIONS[c], WORTH.get((0, c), 0.0)) for c in range(3)]
    operations += [(1, "quadrants", OPERATIONS[c], WORTH.get((1, c), 0.0)) for c in range(3)]
    assert rows[:6] == operations


def test_darts_pt_drops_the_least_missed_parent_until_as_many_are_left_as_are_picked():
    found = search("darts_pt", Counting(WORTH), {"order": "fixed"})
    rounds = [(row["step"], row["candidate"], row["score"]) for row in found.trace[6:]]
    assert rounds == [
        (2, "parent_0", 2.0), (2, "parent_1", 1.0), (2, "parent_2", 4.0), (2, "parent_3", 3.0),
        (2, "parent_0", 2.0), (2, "parent_2", 4.0), (2, "parent_3", 3.0),
    ]  # fmt: skip


def test_in_a_tie_the_parent_of_the_lower_index_stays_as_everywhere():
    assert search("darts_pt", Counting({}), {"order": "fixed"}).arch == ((0,), (0,), (0, 1))


def test_the_random_order_is_drawn_with_the_seed_and_keeps_inputs_last():
    orders = set()
    for seed in range(8):
        trace = search("darts_pt", Counting(WORTH), seed=seed).trace
        orders.add(tuple(dict.fromkeys(row["decision"] for row in trace)))
        again = search("darts_pt", Counting(WORTH), seed=seed).trace
        assert trace == again
    assert orders == {("halves", "quadrants", "parents"), ("quadrants", "halves", "parents")}


def test_an_unknown_order_is_told():
    with pytest.raises(UnknownNameError, match="Allowed: fixed, random"):
        settings("searcher", {"name": "darts_pt", "order": "rnadom"})


def test_work_is_what_a_search_asks_for():
    toy = Counting(WORTH)
    assert darts_search.work(toy.space) == Work(0, 0)
    search("darts_pt", toy)
    asked = sum(toy.asked.values())
    assert darts_pt_search.work(toy.space) == Work(asked, len(toy.tuned))
