"""Rounds of NSE on supernets: what is drawn, inherited and refilled, with stand-ins and in runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from harness import evidence, networks, shrinkers, spaces
from harness.cli._compose import composing, run_configs
from harness.errors import ConfigError
from harness.records import Store, read_record
from harness.runners import execute
from harness.scorers import Work
from harness.searchers import RoundSupernets
from harness.spaces import Population
from tests.unit.training.toy import Interrupted

NSE = shrinkers.load("nse_supernet")
NBMACRO, NB201 = spaces.load("nbmacro"), spaces.load("nb201")
STRIDED = (0, 2, 5)
LEARNING = [
    "fidelity=tiny", "batch_size=4", "input=digits", "training.images=32", "training.batch_size=16",
    "training.epochs=2", "shrinker.paths=4",
]  # fmt: skip


def settings(**own: object) -> dict[str, object]:
    return {name: option.default for name, option in NSE.OPTIONS.items()} | own


@dataclass
class Rounds:
    """Supernets of which ``accuracy`` is known, all of whose gates are half open."""

    accuracy: object
    asked: list = field(default_factory=list)
    measured: list = field(default_factory=list)
    gate: float = 0.5

    def tools(self, seed: int = 0) -> RoundSupernets:
        return RoundSupernets(
            population=Population(NBMACRO),
            seed=seed,
            parameters=None,
            costs=lambda arch: {"flops_millions": networks.trained_cost(NBMACRO, arch)[1] / 1e6},
            train=self.train,
            candidate_costs=lambda name: tuple(
                tuple(cost / 1e6 for cost in row) for row in networks.candidate_costs(NBMACRO)[1]
            ),
        )

    def train(self, round_):
        self.asked.append(round_)
        self.measured.append([])
        return Supernet(self, round_)


@dataclass
class Supernet:
    rounds: Rounds
    round: object

    def gates(self):
        return [self.rounds.gate * np.asarray(row) for row in self.round.mask]

    def drawn(self, shares, rng):
        rows = [tuple((rng.random(3) < share).tolist()) for share in shares]
        for index in STRIDED:
            rows[index] = rows[index] if any(rows[index]) else self.round.mask[index]
        return tuple(rows)

    def accuracy(self, chosen):
        self.rounds.measured[-1].append(chosen)
        return self.rounds.accuracy(chosen)


def large(chosen) -> float:
    """Only the largest candidates count."""
    return 50.0 + 5 * sum(row[2] for row in chosen)


def test_rounds_inherit_the_front_and_fill_up_with_what_was_not_tried():
    rounds = Rounds(large)
    masks = list(NSE.shrink(rounds.tools(), settings(front="best")))
    assert len(rounds.asked) == 2
    first, second = rounds.asked
    assert [sum(row) for row in first.mask] == [2] * 8
    assert not any(map(any, first.inherited))
    assert all(0 < sum(row) <= 2 for row in second.mask)
    for before, kept, now in zip(first.mask, second.inherited, second.mask, strict=True):
        assert all(old for old, on in zip(before, kept, strict=True) if on)
        if sum(kept) == 1:
            assert sum(now) == 2
            assert not any(new and old and not on for new, old, on in zip(now, before, kept, strict=True))
    assert all(any(row) for row in masks[-1])
    # The front of the first round is measured again, behind what the second one draws.
    assert set(rounds.measured[1]) & set(rounds.measured[0])
    best = max(rounds.measured[1], key=large)
    for row, left, own in zip(best, masks[-1], second.mask, strict=True):
        assert (
            left == row
            if any(row)
            else (sum(left) == 1 and any(a and b for a, b in zip(left, own, strict=True)))
        )


def test_networks_are_within_the_window_or_a_little_below_and_those_below_are_not_inherited():
    for seed in range(4):
        rounds = Rounds(lambda chosen: 90.0 - sum(map(sum, chosen)))  # the cheapest are the most accurate
        evolution = NSE._Evolution(rounds.tools(seed), settings(paths=30))
        parts = [[0, 2]] * 8
        kept = evolution.inherited(parts, 0)
        (round_,), (measured,) = rounds.asked, rounds.measured
        window = evolution._window
        away = [round_.cost(chosen) - round_.target for chosen in measured]
        below = [each for each in away if each < -window]
        assert len(measured) == len(set(measured)) <= 30 + NSE.extra(30)
        assert all(each <= window + 1e-9 for each in away)
        assert all(each > -window - round_.target / 30 for each in below)
        assert all(round_.cost(chosen) >= round_.target - window for chosen in evolution._front)
        assert all(set(part) <= {0, 2} and part for part in kept)


def test_where_none_is_within_the_window_the_nearest_are_measured():
    rounds = Rounds(large)
    evolution = NSE._Evolution(rounds.tools(), settings(paths=5, target=0.999, window=0.001))
    evolution.inherited([[0]] * 8, 0)
    (round_,), (measured,) = rounds.asked, rounds.measured
    assert 0 < len(measured) <= 5
    assert all(round_.cost(chosen) < round_.target for chosen in measured)


def test_a_decision_that_the_front_leaves_empty_keeps_its_highest_gate():
    rounds = Rounds(lambda chosen: 50.0 - sum(map(sum, chosen)), gate=0.05)
    evolution = NSE._Evolution(rounds.tools(), settings(front="best", target=0.1, window=0.9))
    kept = evolution.inherited([[1, 2]] * 8, 0)
    empty = [index for index, row in enumerate(evolution._front[0]) if not any(row)]
    assert empty
    assert all(kept[index] == [1] for index in empty)


def test_costs_are_those_of_the_network_that_is_trained():
    rounds = Rounds(large)
    evolution = NSE._Evolution(rounds.tools(), settings(target=0.5))
    evolution.inherited([[0, 1]] * 8, 0)
    (round_,) = rounds.asked
    arch = NBMACRO.parse("01200120")
    assert round_.cost(NBMACRO.mask_of(arch)) == pytest.approx(networks.trained_cost(NBMACRO, arch)[1] / 1e6)
    ends = [networks.trained_cost(NBMACRO, NBMACRO.parse(each * 8))[1] / 1e6 for each in "02"]
    assert round_.target == pytest.approx(sum(ends) / 2)


def executed(asked: list[str], progress=lambda words, done, total: None):
    with composing():
        (config,) = run_configs(asked)
    (outcome,) = execute(config, progress)
    return read_record(outcome.path)


def run(root, *overrides: str, space: str = "nbmacro", **more: object):
    usual = ["task=shrink", f"space={space}", "shrinker=nse_supernet", f"results={root}"]
    return executed([*usual, *LEARNING, *overrides], **more)


def test_a_run_interrupted_in_its_second_round_ends_with_the_same_bytes(tmp_path):
    whole = run(tmp_path / "whole")
    done = 0

    def stop(words: str, *_: int) -> None:
        nonlocal done
        done += words == "supernet training"
        if done == 4:  # two epochs of one step a round
            raise Interrupted

    with pytest.raises(Interrupted):
        run(tmp_path / "again", progress=stop)
    again = run(tmp_path / "again")
    names = sorted(path.name for path in (tmp_path / "whole" / "checkpoints").glob("*.pt"))
    assert len(names) == 2
    for folder in ("whole", "again"):
        assert sorted(path.name for path in (tmp_path / folder / "checkpoints").glob("*.pt")) == names
    for name in names:
        one, other = (
            (tmp_path / folder / "checkpoints" / name).read_bytes() for folder in ("whole", "again")
        )
        assert one == other
    assert again.rows.equals(whole.rows)
    assert again.statistics == whole.statistics
    rows = whole.rows
    assert rows["epochs"].tolist() == [0, 2, 4, 4]
    assert rows["queries"].sum() == 0
    assert 4 <= rows["scores"].iloc[1] <= 5
    assert rows["scores"].iloc[1] < rows["scores"].iloc[-1]
    assert [row["round"] for row in whole.statistics["training"]["curve"]] == [0, 0, 1, 1]
    first, _ = whole.statistics["rounds"]
    assert {len(row) for row in first["gates"].values()} == {2}
    assert set(first["best"]["branches"]) == {decision.name for decision in NBMACRO.decisions}


def test_it_shrinks_cells_too_by_parameters(tmp_path):
    record = run(
        tmp_path, "shrinker.cost=params_millions", "shrinker.kept=3", "training.epochs=1", space="nb201"
    )
    assert record.rows["epochs"].tolist()[:3] == [0, 1, 2]
    assert record.rows["candidates"].iloc[0] == 30
    assert record.rows["candidates"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["training=single_paths"], "trains the sub-spaces of rounds and received training=single_paths"),
        (["space=transnas_micro"], "is defined for networks of nb201, nbmacro alone"),
        (
            ["task=search", "searcher=darts", "training=gates"],
            "training=gates trains the sub-spaces of rounds",
        ),
        (["shrinker.target=1"], "shrinker.target must be a number above 0 and below 1"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(overrides, told, tmp_path):
    learning = [each for each in LEARNING if not (overrides[0] == "task=search" and "shrinker" in each)]
    named = {each.partition("=")[0] for each in overrides}
    usual = ["task=shrink", "space=nbmacro", "shrinker=nse_supernet"]
    asked = [each for each in (*usual, *learning) if each.partition("=")[0] not in named]
    with pytest.raises(ConfigError, match=told):
        executed([*asked, *overrides, f"results={tmp_path}"])
    assert not list(Store(tmp_path).records())


def test_how_much_it_asks():
    assert NSE.work(NBMACRO, settings()) == Work(2 * 53, 0, 2)
    assert NSE.work(NB201, settings(kept=3, paths=100)) == Work(2 * 105, 0, 2)
    assert evidence.load("rounds").TRAINABLE
