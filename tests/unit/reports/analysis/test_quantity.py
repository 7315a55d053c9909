"""A label's metric, unit and direction in titles, axes and figures."""

from __future__ import annotations

import pytest

from harness import benchmarks
from harness.benchmarks import Label
from harness.reports import build
from harness.reports.analysis.quantity import Quantity, quantity_of


@pytest.fixture
def latency(monkeypatch):
    """The label ``accuracy`` of the space ``toy`` is a latency, of which lower is better."""
    label = Label(
        "accuracy", "cifar10", "test", 0, "one device", ("ms",), "us", metric="latency", unit="ms",
        higher_is_better=False,
    )  # fmt: skip
    known = benchmarks.labels
    monkeypatch.setattr(
        benchmarks, "labels", lambda space: {"accuracy": label} if space == "toy" else known(space)
    )


def test_accuracy_is_in_per_cent_and_so_is_what_nobody_knows():
    for found in (quantity_of("nb201", "cifar10_test_200"), quantity_of("nowhere", "accuracy")):
        assert (found.title, found.axis, found.points) == ("Accuracy, %", "accuracy, %", "points")
        assert found.text(93.456) == "93.46 %"
        assert not found.lower_first


def test_a_bare_number_has_no_unit():
    found = Quantity("structural similarity", "")
    assert (found.title, found.text(0.5)) == ("Structural similarity", "0.50")


def test_what_is_better_lower_is_shown_in_its_unit_and_sorted_from_below(results, tmp_path, latency):
    for seed, value in enumerate((-12.0, -14.0)):
        results.search(seed=seed, accuracy=value)  # records hold the negative
        results.arch(seed=seed)
    report = build(results.root, tmp_path / "report", formats=[])
    section = next(each for each in report.sections if each.task == "search")
    columns = {column.title: column for column in section.tables[0].columns}
    assert columns["Latency, ms"].lower_first
    row = next(row for row in section.tables[0].rows if row.cells[0].text == "zero_cost_pt-nwot")
    shown = dict(zip(columns, (cell.text for cell in row.cells), strict=True))
    assert shown["Latency, ms"] == "13.000 ± 1.414"
    assert shown["Worst–best seed, ms"] == "14.000–12.000"
    assert any("latency 13.000 ± 1.414 ms" in each.headline for each in report.summaries[0].found)
    chart = next(chart for chart in section.charts if chart.name.startswith("found"))
    assert chart.panels[0].x_title == "latency, ms"
    assert max(chart.panels[0].series[0].x) == 14.0
    page = report.paths["page"].read_text()
    assert "accuracy, %" not in page
