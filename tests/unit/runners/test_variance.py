"""What operation scores and proposals vary with, by a crossed design."""

from __future__ import annotations

import numpy as np
import pytest

from harness import records
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError
from harness.runners import execute

SMALL = ("task=variance", "space=nbmacro", "proxy=nwot_eval", "fidelity=tiny", "batch_size=4", "device=cpu")
DESIGN = ("task.initialisations=2", "task.batches=2", "task.orders=2")


def run(root, *overrides):
    with composing():
        config = run_config([*SMALL, f"results={root}", *overrides])
    (outcome,) = execute(config)
    return records.read_record(outcome.path)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return run(tmp_path_factory.mktemp("variance"), *DESIGN)


def test_every_level_meets_every_other(record):
    rows = record.rows
    proposals, scores = rows[rows.stage == "proposal"], rows[rows.stage == "score"]
    assert len(proposals) == 2 * 2 * 2
    assert len(scores) == 2 * 2 * 24
    assert not rows.duplicated(["stage", "initialisation", "batch", "order", "masking", "counting",
                                "decision", "candidate"]).any()  # fmt: skip
    assert np.isfinite(proposals.accuracy.astype(float)).all()


def test_weights_belong_to_the_initialisation_and_images_to_the_batch(record):
    scores = record.rows[record.rows.stage == "score"]
    by_cell = {cell: each.score.tolist() for cell, each in scores.groupby(["initialisation", "batch"])}
    assert len({tuple(each) for each in by_cell.values()}) == len(by_cell) == 4


def test_the_first_cell_is_what_operation_scores_are(record, tmp_path):
    scores = record.rows[record.rows.stage == "score"]
    cell = scores[(scores.initialisation == 0) & (scores.batch == 0)]
    alone = run(tmp_path, "task=op_correlation", "task.progressive=false")
    assert cell.score.tolist() == pytest.approx(alone.rows.score.tolist())


def test_statistics_are_those_of_the_rows(record):
    found, rows = record.statistics, record.rows
    proposals = rows[rows.stage == "proposal"]
    assert found["proposals"]["mean"] == pytest.approx(proposals.accuracy.mean())
    assert found["proposals"]["count"] == 8
    keys = ["initialisation", "batch", "masking", "counting"]
    by_order = proposals.groupby(keys).accuracy.var(ddof=1).mean()
    assert found["proposals"]["sd"]["order"] ** 2 == pytest.approx(by_order)
    assert found["scores"]["correlation"] == pytest.approx(1 - found["scores"]["variance"]["supernet"])
    assert found["evaluations"] > 0


def test_the_released_choices_are_factors_too(tmp_path):
    asked = ("space=nb201", "batch_size=2", "task.initialisations=1", "task.batches=1", "task.orders=1")
    found = run(tmp_path, *asked, "task.released=true").statistics
    assert {name: set(levels) for name, levels in found["chosen"].items()} == {
        "masking": {"drop", "zeros"},
        "counting": {"once", "as_released"},
    }
    assert found["scores"]["variance"]["masking"] > 0 < found["scores"]["variance"]["counting"]


def test_choices_that_are_the_same_are_no_levels(tmp_path):
    asked = (
        "space=nbmacro",
        "task.initialisations=1",
        "task.batches=1",
        "task.orders=1",
        "task.released=true",
    )
    rows = run(tmp_path, *asked).rows
    assert len(set(zip(rows.masking, rows.counting, strict=True))) == (rows.stage == "proposal").sum()


def test_without_the_released_choices_there_is_nothing_to_say_of_them(tmp_path):
    found = run(
        tmp_path, "space=nbmacro", "task.initialisations=2", "task.batches=1", "task.orders=1"
    ).statistics
    assert found["chosen"] == {}
    assert found["scores"]["variance"]["masking"] is None
    assert found["proposals"]["sd"]["all"] is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("scorer=darts", "input=digits"), "one by one"),
        (("supernets=2",), "take training=none and supernets=1"),
        (("task.orders=0",), "task.orders must be a positive integer; received 0"),
        (("space=transnas_micro", "task.released=true"), "released no code"),
    ],
)
def test_what_has_no_such_design_is_refused(tmp_path, overrides, words):
    with pytest.raises(ConfigError, match=words):
        run(tmp_path, *overrides)
