"""Divergences and scores by hand, who takes turns with whom, what is dropped by them, and runs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from harness import shrinkers, spaces
from harness.cli._compose import composing, run_configs
from harness.errors import ConfigError
from harness.records import Store
from harness.runners import execute
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.spaces import Population, Space
from tests.unit.training.toy import PATTERN, ToySpace, trained_toy

PD = shrinkers.load("potential_diversity")


def settings(**own: object) -> dict[str, object]:
    return {name: option.default for name, option in PD.OPTIONS.items()} | own


def test_divergences_by_hand():
    sure, other, torn = [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]
    outputs = torch.tensor([[sure, sure], [other, sure], [torn, torn]])
    # Of one image: 1 bit between the sure ones; H(3/4, 1/4) - 1/2 between a sure and a torn one.
    half = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)) - 0.5
    expected = [[0, 0.5, half], [0.5, 0, half], [half, half, 0]]
    np.testing.assert_allclose(PD.divergences(outputs), expected, atol=1e-7)


def test_scores_by_hand_and_what_is_not_known_goes_last():
    potential = [np.array([10.0, 30.0, np.nan, 50.0]), np.array([7.0, 7.0])]
    diversity = [np.array([0.3, 0.1, np.nan, 0.2]), np.array([0.2, 0.4])]
    known = np.array([10, 30, 50, 7, 7])
    z = (known - known.mean()) / known.std()
    z_of_decisions = np.array([1.5**0.5, -(1.5**0.5), 0, -1, 1])
    for weight in (0.0, 0.25, 1.0):
        first, second = PD.combined(potential, diversity, weight)
        found = [*first[[0, 1, 3]], *second]
        np.testing.assert_allclose(found, (1 - weight) * z + weight * z_of_decisions, atol=1e-12)
        assert first[2] == np.inf
    unknown = [np.full(3, np.nan)]
    assert (PD.combined(unknown, unknown, 0.5)[0] == np.inf).all()


def test_every_candidate_left_takes_its_turn():
    context = ((1,), (0, 2))
    rng = generator(0, "turns")
    assert PD.swapped(context, 0, (True, True, False), rng) == {0: ((0,), (0, 2)), 1: context}
    drawn = [PD.swapped(context, 1, (True, True, True, True), rng) for _ in range(20)]
    first = {0: context, 1: ((1,), (1, 2)), 3: ((1,), (2, 3))}
    second = {1: ((1,), (0, 1)), 2: context, 3: ((1,), (0, 3))}
    assert all(each in (first, second) for each in drawn)
    assert first in drawn
    assert second in drawn


def shrunk(**own: object):
    trained = trained_toy("fixed_alphas", 0)
    trained.evaluations = trained.tuned = 0
    tools = TrainedSupernet(population=Population(trained.space), seed=0, parameters=None, trained=trained)
    return trained, list(PD.shrink(tools, settings(**own)))


def test_the_right_candidates_stay():
    """Known by construction: two operations of three are needed, and one parent of three is not."""
    trained, masks = shrunk(weight=0.0, stage=1, contexts=6)
    assert [sum(map(sum, mask)) for mask in masks] == [8, 7, 6, 5, 4]
    assert trained.tuned == 4
    assert trained.space.arch_of(masks[-1])[:2] == ((PATTERN,), (PATTERN,))


def test_a_stage_counts_every_child_once():
    trained, masks = shrunk(stage=3, drop=3, contexts=2)
    assert len(masks) == 1
    # The context, and two more children of every decision: of the parents one stays, two take turns.
    assert trained.evaluations <= 2 * (1 + 2 + 2 + 1)
    assert trained.evaluations == PD.work(trained.space, settings(stage=3, drop=3, contexts=2)).accuracies
    assert trained.tuned == 0


def test_a_decision_that_children_leave_open_is_not_tried(monkeypatch):
    """Its candidates stay, and the others are told apart with all of it there."""

    def path(space, mask, rng):
        return (*Space.path(space, mask, rng)[:2], mask[2])

    monkeypatch.setattr(ToySpace, "path", path)
    trained, masks = shrunk(weight=0.0, stage=4, drop=4, contexts=2)
    assert trained.evaluations <= 2 * (1 + 2 + 2)
    assert masks[0][2] == (True, True, True)


@pytest.mark.parametrize(
    ("space", "candidates"),
    [("nb201", [30, 28, 26]), ("nbmacro", [24, 22, 20]), ("nb1shot1_1", [24, 22, 20])],
)
def test_a_run_on_every_kind_of_supernet(space, candidates, tmp_path):
    small = ["fidelity=tiny", "input=digits", "training.images=32", "training.batch_size=16"]
    short = ["training.epochs=1", "shrinker.contexts=1", "shrinker.drop=4", "shrinker.stage=2"]
    with composing():
        (config,) = run_configs(
            [
                "task=shrink",
                f"space={space}",
                "shrinker=potential_diversity",
                f"results={tmp_path}",
                *small,
                *short,
            ]
        )
    (outcome,) = execute(config)
    assert outcome.status == "done"
    (record,) = Store(tmp_path).records()
    assert record.rows["candidates"].tolist() == candidates
    assert record.rows["epochs"].tolist() == [0, 1, 2]
    assert record.rows["queries"].sum() == 0
    assert all(before < after for before, after in pairwise(record.rows["scores"]))
    assert record.run.settings["training"]["name"] == "single_paths"
    assert record.run.settings["weight"] == 0.5


def test_a_weight_is_from_0_to_1_and_a_whole_number_is_the_same():
    asked = ["task=shrink", "space=nb201", "shrinker=potential_diversity", "input=digits"]
    with composing():
        with pytest.raises(ConfigError, match="shrinker.weight must be a number from 0 to 1; received 1.5"):
            run_configs([*asked, "shrinker.weight=1.5"])
        for end in (0, 1):
            (config,) = run_configs([*asked, f"shrinker.weight={end}"])
            assert PD.OPTIONS["weight"].kind.checked("w", config.shrinker["weight"]) == float(end)


@pytest.mark.parametrize(
    ("space", "own", "work"),
    [
        ("nb201", {}, Work(4 * (25 + 20 + 15 + 10), 3)),
        ("nb201", {"contexts": 1, "drop": 7}, Work(25 + 20, 1)),
        ("nbmacro", {"contexts": 1, "stage": 8}, Work(17 + 9, 1)),
    ],
)
def test_how_much_it_asks(space, own, work):
    assert PD.work(spaces.load(space), settings(**own)) == work
