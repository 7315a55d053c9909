"""The score axis: whole, cut, or ranked."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from harness.reports.analysis.groups import collect
from harness.reports.charts.scatter import _limits, scatter


def test_limits():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=1000)
    assert _limits(normal) == (None, False)
    (low, high), ranked = _limits(np.append(normal, 1e6))
    assert not ranked
    assert -6 < low < high < 6
    assert _limits(np.exp(10 * normal)) == (None, True)
    assert _limits(np.ones(100)) == (None, False)
    assert _limits(np.array([])) == (None, False)


def test_the_caption_says_what_the_figure_rests_on(results):
    for seed in (0, 1):
        results.arch("nwot", seed, failures=4)
    (group,) = collect(results.root)
    figure = scatter(group, [group], "a test set")
    for words in (
        "Label accuracy (a test set)", "seed 0", "4 disconnected left out", "mean ± s.d. over seeds 0, 1",
        "0 tied scores", "Ceiling: one training run", "batch_size=64", "input.name=noise",
    ):  # fmt: skip
        assert words in figure.caption
    assert "56 / 60" in figure.alternative
    assert [path.parent.name for path in figure.records] == ["seed=0", "seed=1"]


def test_a_point_tells_its_architecture_score_accuracy_and_ranks(results):
    results.arch("nwot", failures=4)
    (group,) = collect(results.root)
    ((series,),) = (panel.series for panel in scatter(group, [group], "").panels)
    rows = next(results.store.records()).rows
    ok = rows[rows["status"] == "ok"].reset_index()
    facts = dict(series.facts)
    assert list(series.words) == list(ok["arch"])
    np.testing.assert_array_equal(series.x, ok["score"])
    np.testing.assert_array_equal(facts["score"], ok["score"])
    np.testing.assert_array_equal(facts["accuracy, %"], ok["accuracy"])
    np.testing.assert_array_equal(facts["rank by accuracy"], ok["accuracy"].rank(ascending=False))
    np.testing.assert_array_equal(facts["rank by score"], ok["score"].rank(ascending=False))


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (lambda z: np.exp(12 * z), "their ranks are drawn"),
        (lambda z: np.append(z[:-1], 1e9), "1 lie beyond the score axis"),
        (lambda z: np.ones_like(z), "none left out."),
    ],
    ids=["magnitudes", "an outlier", "constant"],
)
def test_awkward_scores(results, scores, words):
    results.arch("nwot", count=100)
    (group,) = collect(results.root)
    own = scores(np.random.default_rng(0).normal(size=100))
    group.results[0] = dataclasses.replace(group.results[0], scores=own)
    chart = scatter(group, [group], "")
    assert words in chart.caption
    if "ranks are drawn" in words:
        np.testing.assert_array_equal(np.sort(chart.panels[0].series[0].x), np.arange(1, 101))
