"""Searchers on a toy bench whose right answer is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness import searchers, spaces
from harness.errors import HarnessError
from harness.scorers import Score
from harness.searchers import Bench

SPACE = spaces.load("nb1shot1_1")
WORTH = [np.random.default_rng(5).permutation(len(d.candidates)) + 1.0 for d in SPACE.decisions]


class Toy:
    """Additive scores with noise by step, and counted calls."""

    def __init__(self, space=SPACE, noise=0.0, broken=frozenset()):
        self.space, self.noise, self.broken = space, noise, broken
        self.calls = Counter()
        self.masks = []

    def score_supernet(self, mask, step):
        self.calls["supernet"] += 1
        self.masks.append((step, mask))
        value = sum((WORTH[d] * np.array(row)).sum() for d, row in enumerate(mask))
        jitter = np.random.default_rng([step, hash(mask) % 2**32]).normal() * self.noise
        return Score(value + jitter)

    def score_network(self, arch, step):
        self.calls["network"] += 1
        if self.space.format(arch) in self.broken or "all" in self.broken:
            return Score(None, "nan", "the kernel is singular")
        return Score(float(self.space.code(arch)))

    def query(self, arch):
        self.calls["query"] += 1
        return float(self.space.code(arch) % 97)

    def bench(self, seed=0):
        return Bench(self.space, seed, self.score_supernet, self.score_network, self.query, self.space.code)


def zero_cost_pt(toy, proposals=3, validation_batches=2, seed=0):
    settings = {"proposals": proposals, "validation_batches": validation_batches}
    return searchers.load("zero_cost_pt").search(toy.bench(seed), settings)


def test_every_searcher_is_tested_here():
    assert set(searchers.names()) == {"zero_cost_pt", "random_search", "largest"}


def test_zero_cost_pt_finds_the_worthiest():
    toy = Toy()
    best = tuple(
        tuple(sorted(np.argsort(-worth)[: d.picks].tolist()))
        for worth, d in zip(WORTH, SPACE.decisions, strict=True)
    )
    assert zero_cost_pt(toy).arch == SPACE.normalise(best)
    assert toy.calls["network"] == 0, "one distinct proposal leaves nothing to validate"


def test_zero_cost_pt_takes_one_fresh_batch_per_decision():
    toy = Toy()
    zero_cost_pt(toy, proposals=2)
    decisions = len(SPACE.decisions)
    assert sorted({step for step, _ in toy.masks}) == list(range(2 * decisions))
    evaluations = sum(len(d.candidates) + 1 for d in SPACE.decisions)
    assert toy.calls["supernet"] == 2 * evaluations


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
    sums = {row["arch"]: row["score"] for row in found.trace if row["stage"] == "validation"}
    assert sums == {arch: 3.0 * SPACE.code(SPACE.parse(arch)) for arch in distinct}
    assert SPACE.format(found.arch) == max(sums, key=sums.__getitem__)


def test_a_proposal_that_cannot_be_validated_loses():
    whole = zero_cost_pt(Toy(noise=4.0), proposals=6)
    winner = SPACE.format(whole.arch)
    second = zero_cost_pt(Toy(noise=4.0, broken={winner}), proposals=6)
    assert SPACE.format(second.arch) != winner
    (row,) = [row for row in second.trace if row["stage"] == "validation" and row["arch"] == winner]
    assert (row["status"], row["reason"]) == ("nan", "the kernel is singular")
    assert "score" not in row
    with pytest.raises(
        HarnessError, match="None of the .* proposals could be validated: the kernel is singular"
    ):
        zero_cost_pt(Toy(noise=4.0, broken={"all"}), proposals=6)


def test_random_search_keeps_the_best_of_its_counted_queries():
    toy = Toy()
    found = searchers.load("random_search").search(toy.bench(), {"queries": 20})
    assert toy.calls == {"query": 20}
    assert len({row["arch"] for row in found.trace}) == 20
    assert SPACE.code(found.arch) % 97 == max(row["accuracy"] for row in found.trace)


def test_largest_has_the_most_parameters():
    found = searchers.load("largest").search(Toy().bench(), {})
    assert SPACE.code(found.arch) == SPACE.codes.max()
