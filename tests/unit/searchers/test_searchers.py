"""Searchers on a toy whose right answer is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from harness import searchers, spaces
from harness.errors import HarnessError, RunFailed
from harness.scorers import Score
from harness.searchers import Limits, Proxy, Queries
from harness.spaces import Population

SPACE = spaces.load("nb1shot1_1")
WORTH = [np.random.default_rng(5).permutation(len(d.candidates)) + 1.0 for d in SPACE.decisions]


class Toy:
    """Additive scores with noise by step, and counted calls."""

    def __init__(self, space=SPACE, noise=0.0, broken=frozenset()):
        self.space, self.noise, self.broken = space, noise, broken
        self.calls = Counter()
        self.masks = []

    def score_supernet(self, masks, step):
        self.calls["supernet"] += len(masks)
        self.masks.extend((step, mask) for mask in masks)
        return [self.score_mask(mask, step) for mask in masks]

    def score_mask(self, mask, step):
        value = sum((WORTH[d] * np.array(row)).sum() for d, row in enumerate(mask))
        jitter = np.random.default_rng([step, hash(mask) % 2**32]).normal() * self.noise
        return Score(value + jitter)

    def score_network(self, arch, step):
        self.calls["network"] += 1
        if self.space.format(arch) in self.broken or ("all" in self.broken and step == 1):
            return Score(None, "nan", "the kernel is singular")
        return Score(self.space.key(arch) + 0.5 * step)

    def query(self, arch):
        self.calls["query"] += 1
        return float(self.space.key(arch) % 97)

    def tools(self, seed=0):
        return Proxy(
            population=Population(self.space, self.space.listing()),
            seed=seed,
            parameters=self.space.key,
            score_supernet=self.score_supernet,
            score_network=self.score_network,
        )

    def queries(self):
        population = Population(self.space, self.space.listing())
        return Queries(population=population, seed=0, parameters=self.space.key, query=self.query)


def zero_cost_pt(toy, proposals=3, validation_batches=2, seed=0, searcher="zero_cost_pt", limits=None):
    settings = {"proposals": proposals, "validation_batches": validation_batches, "order": "random"}
    settings |= {"variant": "paper"} if searcher == "zero_cost_pt" else {}
    return searchers.load(searcher).search(
        replace(toy.tools(seed), limits=limits or Limits({}, {})), settings
    )


@pytest.mark.parametrize("searcher", ["zero_cost_pt", "zero_cost_disc"])
def test_both_scores_find_the_worthiest(searcher):
    toy = Toy()
    best = tuple(
        tuple(sorted(np.argsort(-worth)[: d.picks].tolist()))
        for worth, d in zip(WORTH, SPACE.decisions, strict=True)
    )
    found = zero_cost_pt(toy, searcher=searcher)
    assert found.arch == SPACE.normalise(best)
    assert toy.calls["network"] == 0, "one distinct proposal leaves nothing to validate"
    assert {row["stage"] for row in found.trace} == {"proposal"}


@pytest.mark.parametrize("searcher", ["zero_cost_pt", "zero_cost_disc"])
def test_proposals_outside_of_the_limits_are_not_validated(searcher):
    free = Toy(noise=20.0)
    whole = zero_cost_pt(free, proposals=6, searcher=searcher)
    proposed = {row["arch"] for row in whole.trace if row["stage"] == "proposal" and "arch" in row}
    keys = sorted(SPACE.key(SPACE.parse(arch)) for arch in proposed)
    assert SPACE.key(whole.arch) == keys[-1], "the toy's validation prefers the highest key"
    assert len(keys) > 2

    def within(bound, toy):
        limits = Limits({"key": bound}, {"key": SPACE.key}, {"key": "keys"})
        found = zero_cost_pt(toy, proposals=6, searcher=searcher, limits=limits)
        return found, limits.outside

    toy = Toy(noise=20.0)
    found, outside = within(keys[1], toy)
    assert SPACE.key(found.arch) == keys[1]
    assert outside == len(keys) - 2
    assert toy.calls == {"supernet": free.calls["supernet"], "network": 4}
    assert [row for row in found.trace if row["stage"] != "validation" and row["stage"] != "total"] == [
        row for row in whole.trace if row["stage"] != "validation" and row["stage"] != "total"
    ]
    with pytest.raises(RunFailed, match=rf"None of the {len(keys)} distinct proposals is within key at most"):
        within(keys[0] - 1, Toy(noise=20.0))


def test_zero_cost_pt_takes_one_fresh_batch_per_decision():
    toy = Toy()
    zero_cost_pt(toy, proposals=2)
    decisions = len(SPACE.decisions)
    assert sorted({step for step, _ in toy.masks}) == list(range(2 * decisions))
    evaluations = sum(len(d.candidates) for d in SPACE.decisions)
    assert toy.calls["supernet"] == 2 * evaluations


def test_zero_cost_disc_scores_every_candidate_alone():
    toy = Toy()
    found = zero_cost_pt(toy, proposals=1, searcher="zero_cost_disc")
    assert toy.calls["supernet"] == sum(len(d.candidates) for d in SPACE.decisions)
    scores = {(row["decision"], row["candidate"]): row["score"] for row in found.trace if "decision" in row}
    (first,) = {row["decision"] for row in found.trace if row.get("step") == 0}
    (worth,) = (w for w, d in zip(WORTH, SPACE.decisions, strict=True) if d.name == first)
    rest = sum(w.sum() for w in WORTH) - worth.sum()
    for candidate, value in zip(SPACE.decisions[0].candidates, worth, strict=True):
        assert scores[first, candidate] == rest + value


def test_zero_cost_pt_decides_operations_before_inputs():
    toy = Toy()
    zero_cost_pt(toy, proposals=1)
    open_inputs = [all(all(row) for row in mask[4:]) for step, mask in toy.masks if step < 4]
    assert all(open_inputs)


def test_orders_differ_between_proposals_and_seeds():
    def order(seed, proposal):
        trace = zero_cost_pt(Toy(), seed=seed).trace
        return [row["decision"] for row in trace if row["index"] == proposal and "decision" in row]

    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)
    assert order(0, 0) == order(0, 0)


def test_validation_sums_batches_and_takes_the_largest():
    toy = Toy(noise=4.0)
    found = zero_cost_pt(toy, proposals=6, validation_batches=3)
    distinct = {row["arch"] for row in found.trace if row["stage"] == "validation"}
    assert len(distinct) > 1
    assert toy.calls["network"] == 3 * len(distinct)
    sums = {row["arch"]: row["score"] for row in found.trace if row["stage"] == "total"}
    assert sums == {arch: 3.0 * SPACE.key(SPACE.parse(arch)) + 1.5 for arch in distinct}
    assert SPACE.format(found.arch) == max(sums, key=sums.__getitem__)


def test_every_validation_score_is_recorded_under_the_proposal_that_came_first():
    found = zero_cost_pt(Toy(noise=1.0), proposals=6, validation_batches=3)
    proposed = [row["arch"] for row in found.trace if row["stage"] == "proposal" and "arch" in row]
    classes = [SPACE.canonical(SPACE.parse(arch)) for arch in proposed]
    first = [index for index, name in enumerate(classes) if classes.index(name) == index]
    assert 1 < len(first) < 6, "without a repeated proposal this tests nothing"
    rows = [row for row in found.trace if row["stage"] == "validation"]
    assert [(row["index"], row["step"], row["arch"]) for row in rows] == [
        (index, step, proposed[index]) for index in first for step in range(3)
    ]
    for row in rows:
        assert row["score"] == SPACE.key(SPACE.parse(row["arch"])) + 0.5 * row["step"]
    totals = [row for row in found.trace if row["stage"] == "total"]
    assert [(row["index"], row["arch"]) for row in totals] == [(index, proposed[index]) for index in first]


def test_a_proposal_that_cannot_be_validated_loses():
    whole = zero_cost_pt(Toy(noise=4.0), proposals=6)
    winner = SPACE.format(whole.arch)
    second = zero_cost_pt(Toy(noise=4.0, broken={winner}), proposals=6)
    assert SPACE.format(second.arch) != winner
    (row,) = [row for row in second.trace if row["stage"] == "total" and row["arch"] == winner]
    assert (row["score"], row["status"], row["reason"]) == (None, "nan", "the kernel is singular")
    with pytest.raises(
        HarnessError, match="None of the .* proposals could be validated: the kernel is singular"
    ):
        zero_cost_pt(Toy(noise=4.0, broken={"all"}), proposals=6)


def test_random_search_keeps_the_best_of_its_counted_queries():
    toy = Toy()
    found = searchers.load("random_search").search(toy.queries(), {"queries": 20})
    assert toy.calls == {"query": 20}
    assert len({row["arch"] for row in found.trace}) == 20
    assert SPACE.key(found.arch) % 97 == max(row["accuracy"] for row in found.trace)


def test_largest_has_the_most_parameters():
    found = searchers.load("largest").search(Toy().tools(), {})
    assert SPACE.key(found.arch) == max(map(SPACE.key, SPACE.listing()))
