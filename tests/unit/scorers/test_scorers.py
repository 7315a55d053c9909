"""Operation scorers on a toy supernet whose right answer is known, and oracles against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from harness import scorers, spaces
from harness.errors import HarnessError, UnknownNameError
from harness.scorers import OperationTruth, Score, best_candidates, zero_cost_pt
from harness.spaces import Population, only, without

WORTH = ((1.0, 5.0, 3.0), (2.0, 0.5))
FULL = ((True, True, True), (True, True))


def additive(masks):
    """A proxy whose value is the sum of what is left."""
    return [
        Score(
            sum(
                w
                for row, alive in zip(WORTH, mask, strict=True)
                for w, a in zip(row, alive, strict=True)
                if a
            )
        )
        for mask in masks
    ]


@pytest.mark.parametrize("name", ["zero_cost_pt", "zero_cost_disc"])
def test_the_worthiest_candidate_wins(name):
    found = scorers.load(name).score(additive, FULL, 0)
    assert best_candidates(found, 1) == (1,)
    assert best_candidates(found, 2) == (1, 2)


def test_zero_cost_pt_is_the_drop():
    found = scorers.load("zero_cost_pt").score(additive, FULL, 0)
    assert {candidate: score.value for candidate, score in found.items()} == {0: 1.0, 1: 5.0, 2: 3.0}


def test_zero_cost_disc_keeps_one():
    found = scorers.load("zero_cost_disc").score(additive, FULL, 0)
    assert {candidate: score.value for candidate, score in found.items()} == {0: 3.5, 1: 7.5, 2: 5.5}


@pytest.mark.parametrize(
    ("name", "masks"),
    [
        ("zero_cost_pt", [FULL, *(((a, b, c), FULL[1]) for a, b, c in ((0, 1, 1), (1, 0, 1), (1, 1, 0)))]),
        ("zero_cost_disc", [((a, b, c), FULL[1]) for a, b, c in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]),
    ],
)
def test_all_masks_of_a_decision_are_asked_for_in_one_call(name, masks):
    calls = []

    def evaluate(asked):
        calls.append(list(asked))
        return additive(asked)

    scorers.load(name).score(evaluate, FULL, 0)
    assert calls == [masks]


@pytest.mark.parametrize("name", ["zero_cost_pt", "zero_cost_disc"])
def test_removed_candidates_are_not_scored(name):
    assert set(scorers.load(name).score(additive, ((True, False, True), (True, True)), 0)) == {0, 2}


def test_a_failure_keeps_its_reason():
    singular = Score(None, "nan", "the kernel is singular")

    def broken(masks):
        return [score if mask[0][1] else singular for mask, score in zip(masks, additive(masks), strict=True)]

    found = scorers.load("zero_cost_pt").score(broken, FULL, 0)
    assert found[1] == singular
    assert best_candidates(found, 1) == (2,)
    with pytest.raises(HarnessError, match="needs 3 scored candidates and 2 of 3 .* kernel is singular"):
        best_candidates(found, 3)


def test_ties_go_to_the_lower_index():
    assert best_candidates({0: Score(1.0), 1: Score(2.0), 2: Score(2.0)}, 1) == (1,)


@pytest.mark.parametrize("name", ["nbmacro", "nb1shot1_1"])
def test_oracles_equal_brute_force(name):
    space = spaces.load(name)
    accuracies = np.random.default_rng(0).uniform(80, 95, len(space.listing()))
    truth = OperationTruth(Population(space, space.listing()), accuracies)
    mask = spaces.without(spaces.without(space.full_mask, 0, 1), 2, 0)

    def left(arch):
        return all(
            not active or all(mask[d][pick] for pick in picks)
            for d, (picks, active) in enumerate(zip(arch, space.active(arch), strict=True))
        )

    for decision in range(len(space.decisions)):
        best = scorers.load("best_acc").score(truth, mask, decision)
        mean = scorers.load("avg_acc").score(truth, mask, decision)
        for candidate in range(len(space.decisions[decision].candidates)):
            expected = [
                accuracy
                for arch, accuracy in zip(space.listing(), accuracies, strict=True)
                if left(arch) and space.active(arch)[decision] and candidate in arch[decision]
            ]
            assert truth.count(mask)[decision][candidate] == len(expected)
            if not mask[decision][candidate]:
                assert candidate not in best
            elif expected:
                assert best[candidate].value == max(expected)
                assert mean[candidate].value == pytest.approx(np.mean(expected), rel=1e-12)


def test_an_oracle_without_architectures_says_so():
    space = spaces.load("nb1shot1_1")
    truth = OperationTruth(Population(space, space.listing()), np.ones(len(space.listing())))
    nothing = tuple((False,) * len(row) if d < 4 else row for d, row in enumerate(space.full_mask))
    (score,) = {s.status for s in scorers.load("best_acc").score(truth, nothing, 4).values()}
    assert score == "skipped"


def test_unknown_scorer():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'zero_cost_pt'\?"):
        scorers.load("zero_cost_p")


def test_preferences_order_candidates_as_scores_do_without_the_whole_supernet():
    space = spaces.load("nb1shot1_1")
    mask = only(space.full_mask, 0, (1,))
    asked = []

    def evaluate(masks):
        asked.extend(masks)
        return [Score(None, "nan", "no number") if m == failing else Score(hash(m) % 1000 / 7) for m in masks]

    failing = without(mask, 2, 1)
    scores = zero_cost_pt.score(evaluate, mask, 2)
    asked.clear()
    preferences = zero_cost_pt.preference(evaluate, mask, 2)
    assert mask not in asked
    assert preferences[1] == scores[1] == Score(None, "nan", "no number")
    whole = evaluate([mask])[0].value
    for candidate in (0, 2):
        assert preferences[candidate].value == pytest.approx(scores[candidate].value - whole)
