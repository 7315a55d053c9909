"""BNAS's scores by hand, and a run on a trained supernet."""

from __future__ import annotations

import numpy as np
import pytest

from harness import shrinkers, spaces
from harness.cli._compose import composing, run_configs
from harness.records import Store
from harness.reports.analysis.groups import collect
from harness.reports.charts import shrink as charts
from harness.reports.tables import shrink as tables
from harness.runners import execute
from harness.scorers import Work

BNAS = shrinkers.load("bnas")


def test_the_smaller_half():
    row = (True, False, True, True, True, True)
    alphas = np.array([0.3, -9.0, 0.1, 0.2, 0.9, 0.8])
    assert BNAS.smaller_half(alphas, row) == (True, False, True, True, False, False)
    assert BNAS.smaller_half(alphas, (False, True, False, False, True, False)) == (False, True, *[False] * 4)


def test_scores_by_hand():
    left, small = np.array([True, True, True, False]), np.array([True, True, False, False])
    first = BNAS.updated(np.array([0.0, 0.2, 0.4, 7.0]), np.array([50.0, 70.0, np.nan, np.nan]), left, small)
    p = np.exp([0.5, 0.7]) / np.exp([0.5, 0.7]).sum()
    np.testing.assert_allclose(first, [p[0], 0.1 + p[1], 0.2 + (p.max() + p.mean()) / 2, 7.0])


def test_a_supernet_is_asked_about_children_and_pays_in_epochs(tmp_path):
    learning = [
        "fidelity=tiny",
        "batch_size=4",
        "input=digits",
        "training.images=32",
        "training.batch_size=16",
    ]
    lengths = ["training.epochs=1", "training.fine_tuning_epochs=1", "shrinker.repeats=1"]
    with composing():
        (config,) = run_configs(
            ["task=shrink", "space=nbmacro", "shrinker=bnas", f"results={tmp_path}", *learning, *lengths]
        )
    (outcome,) = execute(config)
    assert outcome.status == "done"
    (record,) = Store(tmp_path).records()
    rows = record.rows
    assert rows["candidates"].tolist() == [24, 16, 8]
    # three children, of which equal ones are asked about anew: two of the first stage, one of the second
    assert rows["scores"].tolist() == [0, 2, 3]
    assert rows["epochs"].tolist() == [0, 3, 5]
    assert rows["queries"].sum() == 0
    assert "best_seen" not in record.statistics
    assert len(record.statistics["training"]["curve"]) == 1
    groups = collect(tmp_path)
    assert tables.tables(groups)[-1].title == "Supernets trained for these scores"
    assert [chart.title for chart in charts.charts(groups, "")][1:3] == [
        "Accuracy left by scores measured",
        "Accuracy left by epochs trained",
    ]


def test_its_supernet_may_be_binary_and_sample_channels(tmp_path):
    learning = ["fidelity=tiny", "input=digits", "training.images=32", "training.batch_size=16"]
    lengths = ["training.epochs=1", "training.fine_tuning_epochs=1", "shrinker.repeats=1", "shrinker.keep=4"]
    told = ["training.convolutions=xnor", "training.channel_sampling=2", f"results={tmp_path}"]
    with composing():
        (config,) = run_configs(["task=shrink", "space=nb201", "shrinker=bnas", *learning, *lengths, *told])
    (outcome,) = execute(config)
    (record,) = Store(tmp_path).records()
    assert (outcome.status, record.rows["candidates"].tolist()) == ("done", [30, 24])
    training = record.run.settings["training"]
    assert (training["convolutions"], training["channel_sampling"]) == ("xnor", 2)


@pytest.mark.parametrize(("keep", "work"), [(1, Work(24, 27)), (3, Work(15, 16))])
def test_how_much_it_asks(keep, work):
    assert BNAS.work(spaces.load("nb201"), {"repeats": 3, "keep": keep}) == work
