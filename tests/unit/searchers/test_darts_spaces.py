"""DARTS, DARTS-PT and TE-NAS on DARTS's spaces: known parameters and scores lead to known genotypes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from harness import searchers, spaces
from harness.scorers import ProxyScores, Score
from harness.scorers import darts as darts_scorer
from harness.searchers import Proxies, TrainedSupernet
from harness.spaces import Population
from harness.spaces._darts import CELLS, EDGES, NODES

NAMES = ["darts", "darts_s1", "darts_s3", "darts_s4", "darts_s5"]
PT_STEPS = 14 + 3


class Known:
    """In place of a trained supernet: given architecture parameters, accuracies by what is left."""

    def __init__(self, name, alphas=None, accuracy=None):
        self.space = spaces.load(name)
        draws = np.random.default_rng(0)
        sizes = [len(each.candidates) for each in self.space.decisions]
        self.alphas = [torch.tensor(draws.normal(size=size), requires_grad=True) for size in sizes]
        for index, values in (alphas or {}).items():
            self.alphas[index] = torch.tensor(values, requires_grad=True)
        self.worth = accuracy or (lambda decision, candidate: 0.0)
        self.tuned, self.asked = [], Counter()

    def accuracy(self, mask):
        self.asked[mask] += 1
        return sum(
            self.worth(decision, candidate)
            for decision, row in enumerate(mask)
            for candidate, alive in enumerate(row)
            if alive
        )

    def fine_tune(self, mask):
        self.tuned.append(mask)

    def search(self, name, **settings):
        tools = TrainedSupernet(population=Population(self.space), seed=0, parameters=None, trained=self)
        return searchers.load(name).search(tools, settings)


def derived(space, alphas):
    """DARTS's ``genotype()`` in the words of its authors' code: by edge softmax, strongest kept operation."""
    shares = [np.exp(a) / np.exp(a).sum() for a in (alpha.detach().numpy() for alpha in alphas)]
    text = []
    for cell in range(len(CELLS)):
        nodes = []
        for node in NODES:
            strongest = {}
            for edge, (to, predecessor) in enumerate(EDGES, start=cell * len(EDGES)):
                if to == node:
                    kept = {n: s for n, s in zip(space.edges[edge], shares[edge], strict=True) if n != "none"}
                    strongest[predecessor] = max((share, name) for name, share in kept.items())
            two = sorted(strongest, key=lambda predecessor: -strongest[predecessor][0])[:2]
            nodes.append("|" + "".join(f"{strongest[p][1]}~{p}|" for p in sorted(two)))
        text.append("+".join(nodes))
    return "/".join(text)


@pytest.mark.parametrize("name", NAMES)
def test_darts_derives_what_its_authors_code_does(name):
    trained = Known(name)
    found = trained.search("darts")
    assert trained.space.format(found.arch) == derived(trained.space, trained.alphas)
    rows = [row for row in found.trace if row["candidate"] == "none"]
    assert {row["status"] for row in rows} == ({"skipped"} if name in ("darts", "darts_s3") else set())


def test_darts_on_parameters_made_by_hand():
    """Everywhere ``none`` is strongest; of node 5 the edges from 1 and 4 have the strongest other ones."""
    operations = spaces.load("darts_s3").edges[0]
    assert operations == ("none", "skip_connect", "sep_conv_3x3")
    alphas = {edge: [9.0, 1.0, 0.0] for edge in range(28)}
    five = [edge for edge, (node, _) in enumerate(EDGES) if node == 5]
    alphas |= {five[1]: [9.0, 0.0, 2.0], five[4]: [9.0, 8.0, 0.0]}
    # More than on any other edge, and yet less of a weight, since none weighs more still.
    alphas[five[3]] = [30.0, 10.0, 0.0]
    trained = Known("darts_s3", alphas)
    found = trained.search("darts")
    skips = "|skip_connect~0|skip_connect~1|"
    last = "|sep_conv_3x3~1|skip_connect~4|"
    assert trained.space.format(found.arch) == "/".join(
        ("+".join((skips, skips, skips, last)), "+".join((skips,) * 4))
    )


def test_inputs_are_scored_by_the_strongest_operation_that_can_be_kept():
    trained = Known("darts_s3", {0: [5.0, 0.0, 1.0]})
    scores = darts_scorer.score(trained, trained.space.full_mask, 28)
    shares = [trained.alphas[edge].softmax(0).tolist() for edge in trained.space.feeding(28)]
    assert [score.value for score in scores.values()] == [max(share[1:]) for share in shares]
    assert trained.space.feeding(27) is None


@pytest.mark.parametrize("name", spaces.names())
def test_cells_divide_the_decisions_and_feeding_edges_are_operations(name):
    space = spaces.load(name)
    cells = space.decisions_by_cell
    assert sorted(sum(cells, ())) == list(range(len(space.decisions)))
    for index, decision in enumerate(space.decisions):
        edges = space.feeding(index)
        if edges is not None:
            assert decision.kind == "input"
            assert len(edges) == len(decision.candidates)
            assert all(space.decisions[edge].kind == "operation" for edge in edges)
            assert [space.decisions[edge].name.split("<-")[1] for edge in edges] == list(decision.candidates)


@pytest.mark.parametrize("order", ["fixed", "random"])
@pytest.mark.parametrize("name", ["darts_s5", "darts_s4"])
def test_darts_pt_makes_a_decision_of_each_cell_before_it_tunes(name, order):
    worth = np.random.default_rng(1).random((34, 8))
    trained = Known(name, accuracy=lambda decision, candidate: worth[decision, candidate])
    found = trained.search("darts_pt", order=order)
    assert len(trained.tuned) == PT_STEPS - 1
    space = trained.space
    best = [
        tuple(sorted(np.argsort(-worth[index, : len(each.candidates)])[: each.picks].tolist()))
        for index, each in enumerate(space.decisions)
    ]
    assert space.format(found.arch) == space.format(space.normalise(tuple(best)))
    by_step = {}
    for row in found.trace:
        by_step.setdefault(row["step"], []).append(row["decision"])
    assert sorted(by_step) == list(range(PT_STEPS))
    kinds = ["operation" if "<-" in decisions[0] else "input" for decisions in by_step.values()]
    assert kinds == ["operation"] * 14 + ["input"] * 3
    assert all({each.split("_")[0] for each in made} == set(CELLS) for made in by_step.values())
    work = searchers.load("darts_pt").work(space)
    assert (work.accuracies, work.tunings) == (sum(trained.asked.values()), len(trained.tuned))


class Ranked:
    """In place of TE-NAS's supernets: each candidate changes the numbers by its own worth."""

    def __init__(self, name, worth):
        self.space, self.worth, self.rounds = spaces.load(name), worth, 0

    def scores(self, step):
        self.rounds = max(self.rounds, step + 1)
        return ProxyScores(self.space, {"ntk": [self.whole], "linear_regions": [self.whole]})

    def whole(self, masks):
        """Higher without what is worth less: as of ``ntk``, which is ``-kappa``, and of both alike."""
        alive = [
            sum(self.worth[d, c] for d, row in enumerate(mask) for c, there in enumerate(row) if there)
            for mask in masks
        ]
        return [Score(-100.0 - value) for value in alive]

    def search(self, **settings):
        tools = Proxies(population=Population(self.space), seed=0, parameters=None, scores=self.scores)
        return searchers.load("te_nas").search(tools, settings)


@pytest.mark.parametrize(("prune", "rounds"), [(1, 6 + 3), (3, 2 + 1), (9, 1 + 1)])
def test_te_nas_prunes_so_many_at_a_time_and_ends_with_two_inputs(prune, rounds):
    """A scale of worths on which rounding ties nothing: what is worth least of a decision goes first."""
    space = spaces.load("darts_s5")
    draws = np.random.default_rng(2)
    worth = {(d, c): 0.0 for d in range(34) for c in range(8)}
    for index, each in enumerate(space.decisions):
        for candidate, value in enumerate(draws.permutation(len(each.candidates))):
            worth[index, candidate] = float(value)
    ranked = Ranked("darts_s5", worth)
    found = ranked.search(prune=prune)
    assert ranked.rounds == rounds
    assert all(len(picks) == each.picks for picks, each in zip(found.arch, space.decisions, strict=True))
    text = space.format(found.arch)
    assert space.format(space.parse(text)) == text
