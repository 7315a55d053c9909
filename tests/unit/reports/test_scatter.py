"""The score axis: whole, cut, or ranked."""

from __future__ import annotations

import numpy as np
import pytest

from harness.reports.groups import collect
from harness.reports.scatter import _limits, scatter


def test_limits():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=1000)
    assert _limits(normal) == (-np.inf, np.inf, False)
    low, high, ranked = _limits(np.append(normal, 1e6))
    assert not ranked
    assert -6 < low < high < 6
    assert _limits(np.exp(10 * normal)) == (-np.inf, np.inf, True)
    assert _limits(np.ones(100)) == (-np.inf, np.inf, False)
    assert _limits(np.array([])) == (-np.inf, np.inf, False)


def test_the_caption_says_what_the_figure_rests_on(results, drawn):
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
    svg = figure.svg.decode()
    assert "prefers-color-scheme:dark" in svg
    assert "var(--ink)" in svg
    assert "#1b1d21" not in svg.partition("</style>")[2]


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (lambda z: np.exp(12 * z), "their ranks are drawn"),
        (lambda z: np.append(z[:-1], 1e9), "1 beyond the score axis"),
        (lambda z: np.ones_like(z), "none left out."),
    ],
    ids=["magnitudes", "an outlier", "constant"],
)
def test_awkward_scores(results, scores, words):
    results.arch("nwot", count=100)
    (group,) = collect(results.root)
    group.rows = group.rows.assign(score=scores(np.random.default_rng(0).normal(size=100)))
    assert words in scatter(group, [group], "").caption
