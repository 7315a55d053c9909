"""Eliminations by accuracies of single paths: the rules of counted queries, with tunings between stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

import pytest

from harness import shrinkers, spaces
from harness.cli._compose import composing, run_configs
from harness.records import read_record
from harness.runners import execute
from harness.scorers import Work
from harness.searchers import Queries, TrainedSupernet
from harness.spaces import Population

NBMACRO, NB201 = spaces.load("nbmacro"), spaces.load("nb201")
RULES = ("cp_nas", "ucb_elimination")


def told(arch) -> float:
    """An accuracy for every network."""
    return 50 + crc32(NBMACRO.canonical(arch).encode()) % 5000 / 100


@dataclass
class Stub:
    """A supernet whose paths are as accurate as networks are told to be."""

    space = NBMACRO
    mask = NBMACRO.full_mask
    tuned: list = field(default_factory=list)

    def accuracy(self, mask) -> float:
        return told(self.space.arch_of(mask))

    def fine_tune(self, mask) -> None:
        self.mask = mask
        self.tuned.append(mask)


def settings(module, **own: object) -> dict[str, object]:
    return {name: option.default for name, option in module.OPTIONS.items()} | own


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_rule_is_that_of_counted_queries(name, seed):
    asking, reading = shrinkers.load(name), shrinkers.load(f"{name}_supernet")
    common = {"population": Population(NBMACRO), "seed": seed, "parameters": None}
    expected = list(asking.shrink(Queries(**common, query=told), settings(asking, repeats=2)))
    stub = Stub()
    found = list(reading.shrink(TrainedSupernet(**common, trained=stub), settings(reading, repeats=2)))
    assert found == expected
    assert stub.tuned == found[:-1]


@pytest.mark.parametrize(("keep", "work"), [(1, Work(14 * 10, 3)), (3, Work(9 * 10, 1)), (5, Work(0, 0))])
def test_how_much_it_asks(keep, work):
    module = shrinkers.load("cp_nas_supernet")
    assert module.work(NB201, settings(module, keep=keep)) == work


@pytest.mark.parametrize("name", RULES)
def test_a_run_counts_accuracies_and_epochs(name, tmp_path):
    asked = [
        "task=shrink", "space=nbmacro", f"shrinker={name}_supernet", "shrinker.repeats=1", "fidelity=tiny",
        "batch_size=4", "input=digits", "training.images=32", "training.batch_size=16", "training.epochs=1",
        "training.fine_tuning_epochs=1", f"results={tmp_path}",
    ]  # fmt: skip
    with composing():
        (config,) = run_configs(asked)
    (outcome,) = execute(config)
    rows = read_record(outcome.path).rows
    assert rows["epochs"].tolist() == [0, 1, 2]
    assert rows["scores"].tolist() == [0, 3, 5]
    assert rows["queries"].sum() == 0
    assert rows["candidates"].tolist() == [24, 16, 8]
