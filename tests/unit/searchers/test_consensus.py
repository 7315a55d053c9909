"""The search by several supernets, on scores whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from harness import searchers, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, RunFailed
from harness.scorers import Score, best_completion
from harness.searchers import Proxy, candidate_sizes
from harness.seeding import generator
from harness.spaces import Population

SPACE = spaces.load("nb1shot1_1")
WORTH = [np.random.default_rng(5).permutation(len(spec.candidates)) + 1.0 for spec in SPACE.decisions]
BEST = tuple(
    tuple(sorted(np.argsort(-worth)[: spec.picks].tolist()))
    for spec, worth in zip(SPACE.decisions, WORTH, strict=True)
)


def additive(noise=0.0, number=0, broken=False):
    """A supernet whose score is the sum of what is left, with noise of its own at every candidate."""
    rng = np.random.default_rng(number)
    worth = [each + noise * rng.normal(size=len(each)) for each in WORTH]

    def score(masks, step):
        if broken:
            return [Score(None, "nan", "the kernel is singular") for _ in masks]
        return [
            Score(float(sum((each * np.array(row)).sum() for each, row in zip(worth, mask, strict=True))))
            for mask in masks
        ]

    return score


def tools(supernets, parameters=SPACE.key):
    first, *others = supernets
    return Proxy(
        population=Population(SPACE, SPACE.listing()),
        seed=0,
        parameters=parameters,
        score_supernet=first,
        others=others,
        score_network=lambda arch, step: Score(0.0),
    )


def search(given, **settings):
    return searchers.load("consensus").search(given, {"by": "both", "errors": 2.0, "draws": 4, **settings})


@pytest.mark.parametrize("by", ["removal", "completion", "both"])
def test_what_all_supernets_prefer_is_found(by):
    found = search(tools([additive(1e-3, number) for number in range(4)]), by=by)
    assert SPACE.canonical(found.arch) == SPACE.canonical(SPACE.normalise(BEST))
    assert {row["stage"] for row in found.trace} == {"decision"}
    kinds = {spec.name: spec.kind for spec in SPACE.decisions}
    assert [kinds[row["decision"]] for row in found.trace] == sorted(
        (kinds[row["decision"]] for row in found.trace), reverse=True
    )


def test_the_larger_one_is_taken_where_supernets_disagree():
    def parameters(arch):
        return sum(pick[0] == 0 for pick, spec in zip(arch, SPACE.decisions, strict=True) if spec.picks == 1)

    noisy = tools([additive(50.0, number) for number in range(4)], parameters)
    operations = [number for number, spec in enumerate(SPACE.decisions) if spec.picks == 1]
    sizes = candidate_sizes(noisy, operations, 4, generator(0, "consensus", 0))
    assert all(sizes[number, 0] > sizes[number, 1] for number in operations)
    taken = search(noisy, errors=1e6).arch
    assert [taken[number] for number in operations] == [(0,)] * len(operations)
    assert search(noisy, errors=1e-9).arch != taken


def test_without_scores_nothing_is_decided():
    with pytest.raises(RunFailed, match="0 of 3 have a score of all supernets: the kernel is singular"):
        search(tools([additive(number=0), additive(number=1), additive(broken=True)]), by="removal")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("supernets=2",), "needs 3 of them at least; received supernets=2"),
        (("supernets=3", "limits.params_millions=1"), "Limits are kept by"),
    ],
)
def test_what_it_cannot_do_is_refused(overrides, words):
    with composing(), pytest.raises(ConfigError, match=words):
        run_config(["task=search", "space=nb201", "searcher=consensus", *overrides])


def test_a_completion_has_what_else_is_preferred():
    asked = []

    def evaluate(masks):
        asked.extend(masks)
        return additive()(masks, 0)

    for decision, spec in enumerate(SPACE.decisions):
        asked.clear()
        found = best_completion.score(evaluate, SPACE.full_mask, decision, SPACE)
        assert list(found) == list(range(len(spec.candidates)))
        for candidate, path in zip(found, asked[-len(found) :], strict=True):
            assert [sum(row) for row in path] == [each.picks for each in SPACE.decisions]
            assert path[decision][candidate]
            others = [SPACE.mask_of(BEST)[number] for number in range(len(path)) if number != decision]
            assert [row for number, row in enumerate(path) if number != decision] == others
        worth = {each: WORTH[decision][each] for each in found}
        beside = [each for each in BEST[decision]]
        assert max(found, key=lambda each: found[each].value) in beside
        assert worth[max(found, key=lambda each: found[each].value)] >= min(worth[each] for each in beside)


def test_made_decisions_stay_made():
    mask = SPACE.mask_of(SPACE.normalise(BEST))
    found = best_completion.score(lambda masks: additive()(masks, 0), mask, 0, SPACE)
    assert list(found) == list(BEST[0])
