"""A shrunk space is judged by the accuracies left, looked up by hand; what is no smaller space is refused."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest

from harness import benchmarks
from harness.cli._compose import composing, run_configs
from harness.errors import RunFailed
from harness.records import Store
from harness.reports.analysis.groups import collect
from harness.reports.tables import shrink as tables
from harness.runners import execute, shrink
from harness.shrinkers import random_drop
from harness.spaces import Decision, only, without

STEPS = 6


@pytest.fixture
def config(tmp_path):
    with composing():
        (made,) = run_configs(
            [
                "task=shrink",
                "space=nbmacro",
                "shrinker=random_drop",
                f"shrinker.steps={STEPS}",
                f"results={tmp_path}",
            ]
        )
    return made


def test_every_step_is_judged_by_what_it_leaves(config, tmp_path):
    (outcome,) = execute(config)
    (record,) = Store(tmp_path).records()
    benchmark = benchmarks.load("nbmacro")
    truth = dict(
        zip(benchmark.architectures, benchmark.values(benchmark.architectures, record.run.label), strict=True)
    )
    worst = sorted(truth.values())[-ceil(len(truth) / 100)]
    best = sum(value >= worst for value in truth.values())
    for row in record.rows.itertuples():
        mask = [[bit == "1" for bit in word] for word in row.mask.split()]
        left = [value for arch, value in truth.items() if _is_left(benchmark.space, arch, mask)]
        assert (row.candidates, row.architectures) == (sum(map(sum, mask)), len(left))
        assert (row.best, row.mean) == pytest.approx((max(left), sum(left) / len(left)))
        assert row.top == pytest.approx(sum(value >= worst for value in left) / best)
    assert record.statistics["last"] == record.statistics["steps"][STEPS]
    assert f"{record.statistics['last']['best']:.2f} %" in outcome.headline


def _is_left(space, arch, mask):
    active = zip(arch, mask, space.active(arch), strict=True)
    return all(row[pick] for picks, row, counts in active if counts for pick in picks)


def test_it_is_done_once_and_stands_in_a_report(config, tmp_path):
    assert [outcome.status for outcome in (*execute(config), *execute(config))] == ["done", "skipped"]
    (group,) = collect(tmp_path)
    (table,) = tables.tables([group])
    whole, own = table.rows
    assert (whole.cells[0].text, own.cells[0].text) == ("whole space", "random_drop")
    assert own.cells[1].sort == group.results[0].statistics["last"]["best"]
    assert whole.cells[3].text == "100.0"


@pytest.mark.parametrize("broken", ["emptied", "brought back"])
def test_a_step_that_is_no_smaller_space_fails_the_run(config, monkeypatch, broken):
    def steps(tools, settings):
        whole = tools.space.full_mask
        yield without(whole, 0, 1)
        yield only(whole, 0, ()) if broken == "emptied" else whole

    monkeypatch.setattr(random_drop, "shrink", steps)
    with pytest.raises(RunFailed, match="Step 2 leaves . candidates of decision"):
        execute(config)


def test_where_nothing_known_is_left_it_is_unknown():
    class Truth:
        accuracies = np.array([1.0, 2.0])

        def left(self, mask):
            return np.zeros(2, dtype=bool)

        def mean(self, mask):
            return [np.array([np.nan, 1.0])]

        best = mean

    class Space:
        decisions = (Decision("only", ("one", "other")),)
        full_mask = ((True, True),)

    paid = {"scores": 0, "queries": 3, "epochs": 0}
    (row,) = shrink.judged(Space, Truth(), [((True, False),)], [paid])
    assert (row["status"], row["architectures"], row["top"], row["queries"]) == ("unknown", 0, 0.0, 3)
    assert (row["dropped"], row["dropped_rank"], row["best_candidates"]) == ("only other (rank 1)", 1.0, 0)
    rows = {name: [row[name]] for name in shrink.TASK.columns}
    assert shrink.TASK.statistics(rows)["last"]["best"] is None
