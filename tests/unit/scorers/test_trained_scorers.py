"""Scorers of trained supernets, on a toy whose right answer is known."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from harness import scorers
from harness.scorers import Score, Work, best_candidates, darts, darts_pt, disc_acc
from harness.spaces import only, without
from harness.training import fit
from tests.unit.training.toy import OPERATIONS, PATTERN, SKIP, everything, same, toy, trained_toy

TRAINED = (darts, darts_pt, disc_acc)
SEEDS = (0, 1, 2)
WAYS = [
    ("darts", "darts"), ("darts", "darts_second_order"),
    ("darts_pt", "darts"), ("darts_pt", "darts_second_order"), ("darts_pt", "fixed_alphas"),
    ("disc_acc", "darts"), ("disc_acc", "fixed_alphas"),
]  # fmt: skip


def test_every_scorer_of_trained_supernets_is_tested_here():
    reading = {name for name in scorers.names() if scorers.load(name).EVIDENCE == "trained"}
    assert reading == {name for name, _ in WAYS}
    assert {scorer.__name__.rpartition(".")[2] for scorer in TRAINED} == reading
    assert {scorer.ASKS["training"] for scorer in TRAINED} == {"darts"}
    assert [scorer.ASKS["alphas"] for scorer in TRAINED] == [True, False, False]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "method"), WAYS)
def test_the_right_candidates_win(name, method, seed):
    """The tie-break favours skip connection and image, which have index 0."""
    trained = trained_toy(method, seed)
    mask = trained.space.full_mask
    for decision, (spec, right) in enumerate(zip(trained.space.decisions, trained.space.best, strict=True)):
        scores = scorers.load(name).score(trained, mask, decision)
        assert set(scores) == set(range(len(spec.candidates)))
        assert best_candidates(scores, spec.picks) == right, (spec.name, scores)
        least_right = min(scores[candidate].value for candidate in right)
        others = [score.value for candidate, score in scores.items() if candidate not in right]
        margin = {"darts": 5e-3, "darts_pt": 10.0, "disc_acc": 3.0}[name]
        assert least_right > max(others) + margin


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", ["darts", "darts_second_order"])
def test_architecture_parameters_move_the_right_way(method, seed):
    trained = trained_toy(method, seed)
    first = toy(method, seed=seed, inputs=True).alphas
    moved = [(alpha - before).tolist() for alpha, before in zip(trained.alphas, first, strict=True)]
    for skip, pool, pattern in moved[:2]:
        assert pattern > 5e-3
        assert max(skip, pool) < -5e-3
    image, halves, quadrants = moved[2]
    assert image < -5e-3 < min(halves, quadrants)


@pytest.mark.parametrize("name", ["darts", "darts_pt", "disc_acc"])
def test_an_untrained_supernet_favours_neither_the_skip_connection_nor_the_right_candidate(name):
    """So nothing but training names the right one; the two that tell nothing often tie."""
    wins = Counter()
    for seed in range(12):
        trained = toy("darts", 0, 0, seed=seed, count=256, batch_size=16)
        fit(trained)
        assert trained.curve == []
        for decision in (0, 1):
            scores = scorers.load(name).score(trained, trained.mask, decision)
            wins[OPERATIONS[best_candidates(scores, 1)[0]]] += 1
    assert wins.total() == 24
    assert wins["skip"] <= 16
    assert 3 <= wins["pattern"] <= 16


def test_darts_scores_are_the_architecture_parameters():
    trained = toy(inputs=True)
    with torch.no_grad():
        trained.alphas[1].copy_(torch.tensor([0.5, -1.0, 0.25]))
    before = everything(trained)
    assert darts.score(trained, trained.mask, 1) == {0: Score(0.5), 1: Score(-1.0), 2: Score(0.25)}
    assert darts.score(trained, without(trained.mask, 1, 0), 1) == {1: Score(-1.0), 2: Score(0.25)}
    assert trained.shares()[1] == pytest.approx([0.49952, 0.11146, 0.38902], abs=1e-5)
    darts.advance(trained, only(trained.mask, 0, (PATTERN,)))
    assert same(everything(trained), before), "DARTS tunes nothing between decisions"
    assert trained.mask == trained.space.full_mask


def test_darts_pt_scores_are_what_accuracy_drops():
    trained = trained_toy("darts", 0)
    mask = without(trained.space.full_mask, 1, 0)
    before = everything(trained)
    found = darts_pt.score(trained, mask, 1)
    whole = trained.measured_accuracy(mask)
    assert found == {
        candidate: Score(whole - trained.measured_accuracy(without(mask, 1, candidate)))
        for candidate in (1, 2)
    }
    assert same(everything(trained), before), "scoring trained something"


def test_disc_acc_scores_are_accuracies_after_tuning_each_from_the_same_weights():
    trained = trained_toy("darts", 1)
    mask = without(trained.space.full_mask, 0, SKIP)
    before, asked = everything(trained), trained.mask
    found = disc_acc.score(trained, mask, 0)
    assert same(everything(trained), before)
    assert trained.mask == asked
    assert set(found) == {1, 2}
    for candidate in reversed(sorted(found)):
        alone = trained_toy("darts", 1)
        made = only(mask, 0, (candidate,))
        alone.fine_tune(made)
        assert found[candidate] == Score(alone.measured_accuracy(made))
    untuned = trained_toy("darts", 1)
    assert [found[c].value for c in found] != [untuned.accuracy(only(mask, 0, (c,))) for c in found]


@pytest.mark.parametrize("scorer", [darts_pt, disc_acc])
def test_a_decision_is_followed_by_tuning(scorer):
    trained = trained_toy("darts", 0)
    made = only(trained.space.full_mask, 0, (PATTERN,))
    before = everything(trained)
    scorer.advance(trained, made)
    found = everything(trained)
    assert trained.mask == made
    assert not same(found, before)
    alone = trained_toy("darts", 0)
    alone.fine_tune(made)
    assert same(found, everything(alone))


@pytest.mark.parametrize("scorer", TRAINED)
def test_scores_do_not_depend_on_the_order_of_decisions(scorer):
    def scores(order):
        trained = trained_toy("darts", 2)
        return {decision: scorer.score(trained, trained.space.full_mask, decision) for decision in order}

    assert scores((0, 1, 2)) == scores((2, 0, 1))


@pytest.mark.parametrize("scorer", TRAINED)
def test_work_is_what_a_score_asks_for(scorer, monkeypatch):
    trained = toy(inputs=True)
    counts = Counter()
    accuracy, fine_tune = trained.accuracy, trained.fine_tune
    monkeypatch.setattr(trained, "accuracy", lambda mask: counts.update(["accuracies"]) or accuracy(mask))
    monkeypatch.setattr(trained, "fine_tune", lambda mask: counts.update(["tunings"]) or fine_tune(mask))
    mask = without(trained.space.full_mask, 2, 1)
    for decision in range(3):
        counts.clear()
        scorer.score(trained, mask, decision)
        told = scorer.work(mask, decision)
        shared = 1 if scorer is darts_pt else 0  # the whole supernet's, which all decisions share
        assert Work(counts["accuracies"] - shared, counts["tunings"]) == told
    assert Work(1, 2) + Work(3, 4) == Work(4, 6)
