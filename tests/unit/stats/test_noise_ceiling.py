"""Ceilings: pairs of single runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from harness.stats import ceiling


def runs(rows=200, count=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(90, 3, (rows, 1)) + rng.normal(0, 1, (rows, count))


def test_mean_over_pairs_with_missing_rows_dropped_pairwise():
    table = runs()
    table[:20, 0], table[10:50, 2] = np.nan, np.nan
    expected = {"kendall": [], "spearman": [], "n": []}
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = ~np.isnan(table[:, a]) & ~np.isnan(table[:, b])
        expected["kendall"].append(kendalltau(table[both, a], table[both, b]).statistic)
        expected["spearman"].append(spearmanr(table[both, a], table[both, b]).statistic)
        expected["n"].append(both.sum())
    found = ceiling(table)
    for name, values in expected.items():
        assert found[name] == pytest.approx(np.mean(values), abs=1e-12)
    assert (found["runs"], found["pairs"], found["reason"]) == (3, 3, None)


def test_top_decile_takes_each_run_as_the_truth_in_turn():
    table = runs(100, 2)
    taus = []
    for score, truth in (table.T, table.T[::-1]):
        best = np.argsort(truth)[-10:]
        taus.append(kendalltau(score[best], truth[best]).statistic)
    found = ceiling(table)
    assert found["kendall_top_decile"] == pytest.approx(np.mean(taus), abs=1e-12)
    assert found["kendall_top_decile"] < found["kendall"]


@pytest.mark.parametrize(
    ("table", "count"),
    [
        (None, 0),
        (runs(10, 1), 1),
        (np.column_stack([np.arange(5.0), np.full(5, np.nan)]), 1),
        (np.zeros((0, 3)), 0),
        (np.column_stack([np.arange(5.0), np.ones(5)]), 2),
        (np.array([[1.0, np.nan], [np.nan, 2.0], [3.0, 4.0]]), 2),
    ],
    ids=["no runs", "one run", "one run and an empty one", "no rows", "constant", "one shared row"],
)
def test_unknown_with_a_reason(table, count):
    found = ceiling(table)
    assert found["kendall"] is found["spearman"] is found["kendall_top_decile"] is None
    assert found["runs"] == count
    assert found["reason"]


def test_does_not_change_its_argument():
    table = runs(20, 2)
    copy = table.copy()
    ceiling(table)
    np.testing.assert_array_equal(table, copy)
