"""Fronts of a report: what a search hands over, which costs are drawn, and what stands in chart and table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness import benchmarks, reports
from harness.errors import UnknownNameError
from harness.records import Run, Store
from harness.reports.analysis import fronts
from harness.reports.analysis.groups import collect
from harness.stats import TrueFront, pareto_front
from harness.tasks.search import derived

LABEL, COST = "cifar10_test_200", "cifar10_latency_edgegpu"
PROVENANCE = {"commit": "c0ffee", "dirty": False, "device": "cpu", "processor": "a CPU", "versions": {}}


@pytest.fixture(scope="module")
def table():
    return benchmarks.load("nb201")


@pytest.fixture
def searched(tmp_path, table):
    """Writes the record of a search that looked at architectures by their numbers in the table."""

    def searched(method, numbers=(), stage=None, scores=None, seed=0, label=LABEL, **settings):
        archs = [table.space.format(table.architectures[number]) for number in numbers]
        figures = table.goodness(table.keys[list(numbers)], label)
        rows = pd.DataFrame({"stage": [stage] * len(archs), "arch": archs, "status": "ok"})
        rows["accuracy"] = figures if stage == "query" else np.nan
        rows["score"] = np.nan if scores is None else scores
        best = int(np.argmax(figures if scores is None else scores))
        statistics = {
            "arch": archs[best], "accuracy": figures[best], "rank": 9, "size": 15_625, "best_accuracy": 94.37,
            "regret": 94.37 - figures[best], "evaluations": 1,
            "table_queries": len(archs) * (stage == "query"), "proposals_distinct": None,
        }  # fmt: skip
        run = Run("search", "nb201", label, method, seed, {"truth": table.digest(label)} | settings)
        return Store(tmp_path).write(run, "ok", None, rows, statistics, PROVENANCE, {}, {"seconds": 1.0})

    return searched


def front_of(root, *costs):
    (front,) = fronts.fronts(collect(root), costs)
    return front


def test_the_true_front_and_what_was_looked_up(searched, table, tmp_path):
    quality, cost = table.values(table.keys, LABEL), table.values(table.keys, COST)
    on_front = np.flatnonzero(pareto_front(quality, cost))
    searched("random_search", on_front[:7].tolist(), "query")
    searched("random_search", on_front[:14].tolist(), "query", seed=1)
    front = front_of(tmp_path, COST)
    assert (len(front.true.cost), front.of) == (28, 15_625)
    ((group, how, (first, second)),) = front.reached
    assert (group.method, how) == ("random_search", fronts.LOOKED_UP)
    assert (first.found.n, first.found.share, second.found.share) == (7, 7 / 28, 14 / 28)
    true = TrueFront.of(quality, cost)
    seen = on_front[:7]
    assert first.found.hypervolume == true.found(quality[seen], cost[seen]).hypervolume
    assert 0 < first.found.hypervolume <= second.found.hypervolume < 1


def test_of_what_was_scored_that_is_handed_over_which_nothing_beats_by_score_and_cost(
    searched, table, tmp_path
):
    numbers = list(range(0, 15_625, 800))
    cost = table.values(table.keys[numbers], COST)
    scores = np.random.default_rng(0).normal(size=len(numbers))
    scores[3] = np.nan
    searched("random_by_proxy-nwot", numbers, "score", np.nan_to_num(scores, nan=-9.0))
    ((_, how, (reached,)),) = front_of(tmp_path, COST).reached
    assert how == fronts.SCORED
    expected = pareto_front(np.nan_to_num(scores, nan=-9.0), cost)
    assert reached.archs == tuple(
        table.space.format(table.architectures[number])
        for number, on in zip(numbers, expected, strict=True)
        if on
    )
    assert reached.found.n == expected.sum()
    assert reached.quality.tolist() == table.values(table.keys[numbers], LABEL)[expected].tolist()


def test_what_has_no_figure_is_not_handed_over():
    """Draws that are no architecture at all are among them."""
    rows = {
        "stage": ["query", "query", "query"],
        "arch": ["a", "no architecture", "b"],
        "accuracy": [90.0, np.nan, 91.0],
        "score": [np.nan] * 3,
    }
    assert derived(rows)["looked_up"] == ["a", "b"]


def test_any_other_search_hands_over_what_it_found(searched, tmp_path):
    searched("zero_cost_pt-nwot", [17], "proposal")
    ((_, how, (reached,)),) = front_of(tmp_path, COST).reached
    assert (how, reached.found.n, len(reached.archs)) == (fronts.FOUND, 1, 1)


def test_which_costs_are_drawn(searched, table, tmp_path):
    searched("largest", [17], limits={"cifar10_latency_pixel3": 5.0})
    names = [front.cost.name for front in fronts.fronts(collect(tmp_path))]
    usual = ["params_millions", "flops_millions", COST, "cifar10_energy_edgegpu"]
    assert names == [*usual, "cifar10_latency_pixel3"]
    any_label = ("cifar100_test_200", COST)
    chosen = fronts.fronts(collect(tmp_path), any_label)
    assert [front.cost.name for front in chosen] == list(any_label)
    accuracies = table.values(table.keys, LABEL), table.values(table.keys, "cifar100_test_200")
    assert chosen[0].true.quality.max() == accuracies[0].max()
    assert -chosen[0].true.cost.min() == accuracies[1].max(), "of an accuracy the highest is best"


def test_figures_of_another_table_are_not_compared(searched, tmp_path):
    searched("largest", [17], truth="ab" * 32)
    assert fronts.fronts(collect(tmp_path)) == ()


def test_a_report_has_a_chart_and_a_table_for_every_cost(searched, tmp_path):
    searched("random_search", [5, 4_000, 9_000], "query")
    searched("random_search", [5, 4_100, 9_000], "query", seed=1)
    searched("zero_cost_pt-nwot", [9_000], "proposal")
    report = reports.build(tmp_path, tmp_path / "report", formats=(), costs=[COST, "params_millions"])
    (section,) = (section for section in report.sections if section.task == "search")
    charts = section.kinds["Accuracy against cost"]
    assert [chart.name for chart in charts] == [
        f"front-nb201-{LABEL}-{name}" for name in (COST, "params_millions")
    ]
    line, *points = charts[0].panels[0].series
    assert line.line == "step"
    assert (np.diff(line.x) > 0).all()
    assert (np.diff(line.y) > 0).all()
    assert {series.name for series in points} == {"random_search", "zero_cost_pt-nwot"}
    (table,) = (table for table in section.tables if table.title.startswith("Accuracy beside latency"))
    assert [row.cells[0].text for row in table.rows] == ["random_search", "zero_cost_pt-nwot"]
    assert [row.cells[5].text for row in table.rows] == ["2", "1"]
    assert "28 points" in table.caption[0]
    assert "10.00 % and 11.69 ms" in table.caption[0]


def test_a_cost_that_no_searched_space_has_is_refused(searched, tmp_path):
    searched("largest", [17])
    with pytest.raises(UnknownNameError, match="Unknown cost of nb201 'latency'"):
        reports.build(tmp_path, tmp_path / "report", formats=(), costs=["latency"])
