"""Regret by the number of trained figures that a search was told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.reports.analysis.groups import collect
from harness.reports.charts.queries import queries
from harness.tasks.search import derived


def test_an_unknown_figure_leaves_the_best_as_it_is():
    rows = {"stage": ["query"] * 4 + ["total"], "accuracy": [90.0, np.nan, 89.0, 92.0, 99.0]}
    assert derived(rows) == {"best_told": [90.0, 90.0, 90.0, 92.0]}
    assert derived({"stage": ["total"], "accuracy": [1.0]}) == {}
    assert derived({}) == {}


def test_the_mean_over_seeds_is_drawn_beside_what_needs_no_query(results):
    for seed, told in enumerate(([90.0, 93.0], [92.0, 91.0])):
        rows = pd.DataFrame(
            {"stage": "query", "accuracy": told, "arch": ["a", "b"], "status": "ok", "score": 0.0}
        )
        results.search("random_search", seed, accuracy=max(told), rows=rows, queries=2)
        results.search(seed=seed, accuracy=93.5, fidelity="benchmark")
    chart = queries(collect(results.root), "")
    ((series,),) = (panel.series for panel in chart.panels)
    assert series.y == pytest.approx([3.0, 1.5])  # of 94: (4 + 2) / 2, (1 + 2) / 2
    assert list(series.x) == [1, 2]
    (mark,) = chart.panels[0].marks
    assert mark.value == pytest.approx(0.5)
    assert "zero_cost_pt-nwot" in mark.words


def test_nothing_asked_is_nothing_drawn(results):
    results.search()
    assert queries(collect(results.root), "") is None
