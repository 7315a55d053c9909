"""What is searched on is one label, what is reported another: rows, statistics, reports tell them apart."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, tasks
from harness.cli._compose import composing, run_configs
from harness.records import Store
from harness.reports.analysis.groups import collect
from harness.reports.charts import search as charts
from harness.reports.tables import search as tables
from harness.runners import execute

TOLD, REPORTED = "cifar10_test_50_run1", "cifar10_test_50_runs_2_3"
ASKED = ["task=search", "space=nbmacro", f"label={REPORTED}", f"search_label={TOLD}"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    with composing():
        for overrides in (
            ["searcher=random_search", "searcher.queries=25"],
            ["searcher=pnas", "searcher.beam=4", "searcher.predictor=ridge"],
        ):
            for config in run_configs([*ASKED, *overrides, f"results={root}"]):
                execute(config)
    return root


def records(root):
    return {record.run.method: record for record in Store(root).records()}


def test_rows_hold_what_was_told_and_what_is_reported(results):
    record, table = records(results)["random_search"], benchmarks.load("nbmacro")
    rows, archs = record.rows, record.rows["arch"].tolist()
    np.testing.assert_array_equal(rows["accuracy"], table.values(archs, TOLD))
    np.testing.assert_array_equal(rows["reported"], table.values(archs, REPORTED))
    chosen = archs[int(rows["accuracy"].to_numpy().argmax())]
    assert record.statistics["arch"] == chosen
    assert record.statistics["accuracy"] == table.value(chosen, REPORTED)
    assert record.run.settings["search_label"] == {"name": TOLD, "truth": table.digest(TOLD)}
    assert "best_seen" not in record.statistics


def test_regret_is_that_of_the_incumbent(results):
    rows = records(results)["random_search"].rows
    told, reported = rows["accuracy"].tolist(), rows["reported"].tolist()
    expected = [reported[int(np.argmax(told[: number + 1]))] for number in range(len(told))]
    assert tasks.load("search").derived(rows)["best_told"] == expected
    assert expected[-1] == records(results)["random_search"].statistics["accuracy"]


def test_what_is_not_known_leaves_the_incumbent_as_it_is():
    rows = {
        "stage": ["query"] * 4 + ["score"],
        "accuracy": [np.nan, 3.0, np.nan, 2.0, 9.0],
        "reported": [7.0, 5.0, 8.0, 6.0, 1.0],
    }
    found = tasks.load("search").derived(rows)["best_told"]
    np.testing.assert_array_equal(found, [np.nan, 5.0, 5.0, 5.0])


def test_pnas_says_what_it_saw_beside_what_it_found(results):
    record, table = records(results)["pnas"], benchmarks.load("nbmacro")
    told = table.values(record.rows["arch"].tolist(), TOLD)
    best = record.rows["arch"].iloc[int(told.argmax())]
    seen = record.statistics.get("best_seen")
    if best == record.statistics["arch"]:
        assert seen is None
    else:
        assert seen["arch"] == best
        assert seen["accuracy"] == table.value(best, REPORTED)


def test_reports_name_both(results):
    groups = collect(results)
    found, *more = tables.tables(groups)
    assert f"Searched on: {TOLD}; reported: {REPORTED}." in found.caption[0]
    titles = [table.title for table in more]
    assert ("Found, and best seen" in titles) == any(
        "best_seen" in r.statistics for r in records(results).values()
    )
    assert all(len(row.cells) == len(table.columns) for table in (found, *more) for row in table.rows)
    assert any("Regret" in chart.title for chart in charts.charts(groups, ""))
