"""What a shrinker says of architectures is ranked by those who know the truth, convolutions alone apart."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness import spaces
from harness.cli._compose import composing, run_configs
from harness.records import Store
from harness.reports.analysis.groups import collect
from harness.reports.tables import shrink as tables
from harness.reports.wording import number
from harness.runners import execute
from harness.runners._told import agreement, only_convolutions
from harness.scorers import OperationTruth
from harness.shrinkers import Told
from harness.spaces import Population

NB201, NBMACRO = spaces.load("nb201"), spaces.load("nbmacro")


def read(truth: np.ndarray, told: Told, module: object = None) -> dict:
    population = Population(NBMACRO, NBMACRO.listing())
    module = module or SimpleNamespace(told=lambda tools, options: told)
    evidence = SimpleNamespace(
        method=SimpleNamespace(module=module),
        options={},
        context=SimpleNamespace(truth=OperationTruth(population, truth)),
    )
    tools = SimpleNamespace(space=NBMACRO, seed=0, parameters=lambda arch: -arch[0][0])
    return agreement(evidence, tools)


@pytest.fixture(scope="module")
def sums() -> np.ndarray:
    """What 6,561 architectures pick in sum: a truth that can be told."""
    return np.array([sum(pick for (pick,) in arch) for arch in NBMACRO.listing()], dtype=float)


def told_by_sums(archs):
    return np.array([sum(pick for (pick,) in arch) for arch in archs], dtype=float)


def test_what_is_told_ranks_as_the_truth_does(sums):
    sums = sums.copy()
    sums[:100] = np.nan  # not known, and not asked for
    found = read(sums, Told(told_by_sums))["told"]
    assert found["all"]["n"] == 6_461
    assert found["convolutions"]["n"] == 2**8, "blocks of two kinds in eight layers"
    assert found["all"]["tau"] == pytest.approx(1)
    assert found["convolutions"]["tau"] == pytest.approx(1)
    assert found["all"]["tau_params"] < 0
    assert read(-sums, Told(told_by_sums))["told"]["all"]["tau"] == pytest.approx(-1)


def test_what_takes_long_is_asked_of_a_draw(sums):
    asked = []
    found = read(sums, Told(lambda archs: asked.append(archs) or told_by_sums(archs), 20))["told"]
    assert [each["n"] for each in found.values()] == [20, 20]
    assert [len(set(archs)) for archs in asked] == [20, 20]
    assert all(only_convolutions(NBMACRO, arch) for arch in asked[1])


def test_a_shrinker_that_says_nothing_is_not_asked(sums):
    assert read(sums, Told(told_by_sums), SimpleNamespace()) == {}


def test_convolutions_alone():
    count = sum(only_convolutions(NB201, arch) for arch in NB201.listing())
    assert count == 2**6
    genotype = (
        "|sep_conv_3x3~0|sep_conv_3x3~1|+|dil_conv_3x3~0|sep_conv_3x3~1|"
        "+|sep_conv_3x3~0|{}~1|+|sep_conv_3x3~0|sep_conv_3x3~1|"
    )
    darts = spaces.load("darts")
    convolutions, pooled = (
        darts.parse(f"{genotype.format('sep_conv_5x5')}/{genotype.format(name)}")
        for name in ("sep_conv_5x5", "max_pool_3x3")
    )
    assert only_convolutions(darts, convolutions), "edges that are not picked do not count"
    assert not only_convolutions(darts, pooled)


def test_a_run_on_drawn_labels_tells_and_the_report_shows_it(tmp_path):
    asked = [
        "task=shrink", "space=nbmacro", "shrinker=abs", "shrinker.form=rlnas", "training=random_labels",
        "shrinker.drop=8", "fidelity=tiny", "batch_size=4", "input=digits", "training.images=16",
        "training.batch_size=8", "training.epochs=1", f"results={tmp_path}",
    ]  # fmt: skip
    with composing():
        (config,) = run_configs(asked)
    execute(config)
    (record,) = Store(tmp_path).records()
    assert record.run.method == "abs-on_random_labels"
    assert record.run.settings["form"] == "rlnas"
    assert record.rows["candidates"].tolist() == [24, 16]
    told = record.statistics["told"]
    (table,) = [each for each in tables.tables(collect(tmp_path)) if each.title.startswith("What is told")]
    (row,) = table.rows
    shown = [cell.text for cell in row.cells]
    assert shown[1:4] == [*(number(told["all"][tau], 3) for tau in ("tau", "tau_params")), "6,561"]
    assert shown[6] == "256"
