"""TE-NAS's search where one candidate of each decision is clearly the best."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness import scorers, searchers, spaces
from harness.errors import HarnessError
from harness.scorers import ProxyScores, Score
from harness.searchers import Proxies
from harness.spaces import Population

NAMES = ["nb201", "nbmacro", "nb1shot1_1", "nb1shot1_3"]
SETTINGS = {"prune": 1, "repeats": 2, "ntk_batch_size": 4, "region_batches": 1, "region_batch_size": 8}


def tools(space, scores):
    return Proxies(population=Population(space), seed=0, parameters=None, scores=scores)


class Toy:
    """R is what the candidates that are left are worth together, and kappa what they lack of 1,000."""

    def __init__(self, name, worth=None, broken=()):
        self.space = spaces.load(name)
        draw = np.random.default_rng(3)
        self.worth = worth or [draw.permutation(len(d.candidates)) + 1.0 for d in self.space.decisions]
        self.broken = set(broken)
        self.asked = Counter()
        self.masks = []

    def value(self, mask):
        return sum((worth * np.array(row)).sum() for worth, row in zip(self.worth, mask, strict=True))

    def score_proxies(self, step):
        def measured(sign, offset):
            def evaluate(masks):
                self.asked[step] += len(masks)
                self.masks.extend(masks)
                return [self.score(sign * (self.value(mask) + offset), mask) for mask in masks]

            return evaluate

        return ProxyScores(
            self.space, {"ntk": [measured(1, -1000)] * 2, "linear_regions": [measured(1, 100)] * 2}
        )

    def score(self, value, mask):
        removed = {(d, c) for d, row in enumerate(mask) for c, alive in enumerate(row) if not alive}
        return Score(None, "inf", "the kernel is singular") if removed & self.broken else Score(float(value))

    def search(self):
        handed = tools(self.space, self.score_proxies)
        return searchers.load("te_nas").search(handed, SETTINGS)

    def best(self):
        """By decision the candidates of most worth; ``none`` cannot be one."""
        picks = []
        for decision, worth in zip(self.space.decisions, self.worth, strict=True):
            order = [c for c in np.argsort(-worth) if decision.candidates[c] != "none"]
            picks.append(tuple(sorted(int(c) for c in order[: decision.picks])))
        return self.space.normalise(tuple(picks))


@pytest.mark.parametrize("name", NAMES)
def test_the_worthiest_candidates_are_left(name):
    toy = Toy(name)
    assert toy.search().arch == toy.best()


@pytest.mark.parametrize("name", NAMES)
def test_the_most_valuable_none_is_pruned_all_the_same(name):
    toy = Toy(name)
    decisions = toy.space.decisions
    toy.worth = [
        np.array(
            [
                99.0 if candidate == "none" else worth
                for candidate, worth in zip(d.candidates, own, strict=True)
            ]
        )
        for d, own in zip(decisions, toy.worth, strict=True)
    ]
    assert toy.search().arch == toy.best()
    for mask in toy.masks:
        for decision, row in zip(decisions, mask, strict=True):
            assert not any(
                alive for name, alive in zip(decision.candidates, row, strict=True) if name == "none"
            )


def test_nb201_takes_three_rounds_of_all_open_candidates():
    toy = Toy("nb201")
    trace = toy.search().trace
    # Two proxies, two repeats, the supernet and 6 x 4, 6 x 3, 6 x 2 removals.
    assert dict(toy.asked) == {0: 4 * 25, 1: 4 * 19, 2: 4 * 13}
    rounds = Counter((row["stage"], row["step"]) for row in trace)
    stages = ("pruning", "ntk", "linear_regions")
    assert rounds == {(stage, step): count for stage in stages for step, count in ((0, 24), (1, 18), (2, 12))}


def test_trace_rows_hold_the_ranks_and_the_changes():
    toy = Toy("nb201")
    trace = toy.search().trace
    first = [row for row in trace if row["step"] == 0 and row["decision"] == "1<-0"]
    found = {(row["stage"], row["candidate"]): row["score"] for row in first}
    mask = scorers.te_nas.without_none(toy.space, toy.space.full_mask)
    whole, worth = toy.value(mask), dict(zip(toy.space.decisions[0].candidates, toy.worth[0], strict=True))
    sums = []
    for candidate in list(worth)[1:]:
        assert found["ntk", candidate] == pytest.approx(worth[candidate] / (whole - 1000), abs=5e-4)
        assert found["linear_regions", candidate] == pytest.approx(worth[candidate] / (whole + 100), abs=5e-4)
        sums.append((worth[candidate], found["pruning", candidate]))
    ranked = [total for _, total in sorted(sums)]
    assert ranked == sorted(ranked)
    assert len(set(ranked)) == 4


@pytest.mark.parametrize("name", ["nb1shot1_1", "nb1shot1_3"])
def test_inputs_are_pruned_once_all_operations_are_known(name):
    toy = Toy(name)
    trace = toy.search().trace
    kinds = {decision.name: decision.kind for decision in toy.space.decisions}
    steps = {}
    for row in trace:
        steps.setdefault(kinds[row["decision"]], set()).add(row["step"])
    assert steps["operation"] == {0, 1}
    assert min(steps["input"]) == 2
    surplus = max(len(d.candidates) - d.picks for d in toy.space.decisions if d.kind == "input")
    assert steps["input"] == set(range(2, 2 + surplus))


def test_equal_rank_sums_are_decided_by_kappa_then_by_place():
    """A removal that lowers kappa more lowers R more: all rank sums are equal; 3 and 4 are copies."""
    space = spaces.load("nb201")
    changes = {1: 0.01, 2: 0.03, 3: 0.02, 4: 0.02}

    def scores(step):
        def measured(sign):
            def evaluate(masks):
                lost = [
                    sum(changes[c] for row in mask for c, alive in enumerate(row) if c and not alive)
                    for mask in masks
                ]
                return [Score(sign * (1 - value)) for value in lost]

            return evaluate

        return ProxyScores(space, {"ntk": [measured(-1.0)], "linear_regions": [measured(1.0)]})

    found = searchers.load("te_nas").search(tools(space, scores), SETTINGS)
    # Every sum of ranks is 2: pruned are 2, the first by kappa, then 3, the first of the copies, then 4.
    rows = {(row["step"], row["candidate"]): row["score"] for row in found.trace if row["stage"] == "pruning"}
    assert {rows[0, name] for name in space.decisions[0].candidates[1:]} == {2.0}
    assert found.arch == ((1,),) * 6


def test_a_candidate_that_cannot_be_removed_stays():
    plain = Toy("nb201")
    worst = int(np.argmin(np.where(np.arange(5) == 0, np.inf, plain.worth[2])))
    toy = Toy("nb201", broken=[(2, worst)])
    found = toy.search()
    assert found.arch[2] == (worst,)
    assert [pick for place, pick in enumerate(found.arch) if place != 2] == [
        pick for place, pick in enumerate(plain.best()) if place != 2
    ]
    reasons = {row["reason"] for row in found.trace if row["score"] is None}
    assert reasons == {"the kernel is singular"}


def test_a_decision_without_any_score_is_told():
    toy = Toy("nb201", broken=[(2, candidate) for candidate in range(1, 5)])
    with pytest.raises(
        HarnessError, match="Decision 2<-1: none of its 4 candidates can be ranked: the kernel is"
    ):
        toy.search()


def test_the_search_is_deterministic():
    first, second = Toy("nb1shot1_1").search(), Toy("nb1shot1_1").search()
    assert (first.arch, first.trace) == (second.arch, second.trace)
