"""Resampled statistics against SciPy and scikit-learn on every resample written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr, weightedtau
from sklearn.metrics import ndcg_score

from harness.seeding import generator
from harness.stats import RESAMPLES, bootstrap, partial_kendall, partial_spearman, rank_intervals, resampled
from harness.stats._weighted import STATISTICS
from harness.stats.bootstrap import partial_intervals, percentile_interval


def top_tau(x, y):
    top = y >= np.sort(y)[-int(np.ceil(len(y) / 10))]
    return kendalltau(x[top], y[top]).statistic


ORACLES = {
    "kendall": lambda x, y: kendalltau(x, y).statistic,
    "kendall_c": lambda x, y: kendalltau(x, y, variant="c").statistic,
    "kendall_weighted": lambda x, y: weightedtau(x, y).statistic,
    "spearman": lambda x, y: spearmanr(x, y).statistic,
    "pearson": lambda x, y: pearsonr(x, y).statistic,
    "ndcg": lambda x, y: ndcg_score([2**y - 1], [x], k=1000),
    "kendall_top_decile": top_tau,
}


def columns(rows, values=10**6, seed=3):
    """Scores and a truth between 2 and 14, with ties where ``values`` is small."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = np.clip(x + rng.normal(size=rows), -6, 6)
    return np.round(x * values), 8 + np.round(y * values) / values


def draws(rows, count, *sample):
    return generator(0, "bootstrap", *sample).integers(rows, size=(count, rows))


def test_every_statistic_has_an_oracle():
    assert set(ORACLES) == set(STATISTICS)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(("rows", "values"), [(57, 1), (57, 10**6), (300, 2), (300, 10**6), (1200, 20)])
def test_every_resample_equals_the_oracle(name, rows, values):
    x, y = columns(rows, values)
    found = resampled(x, y, [name], 20)[name]
    expected = [ORACLES[name](x[draw], y[draw]) for draw in draws(rows, 20)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_few_resamples_of_5000_rows_equal_scipy():
    x, y = columns(5000, 100)
    found = resampled(x, y, ["kendall", "kendall_weighted", "spearman"], 3)
    for name, values in found.items():
        expected = [ORACLES[name](x[draw], y[draw]) for draw in draws(5000, 3)]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_a_constant_resample_is_undefined_and_no_other():
    x, y = np.zeros(12), np.arange(12.0)
    x[0] = 1.0
    constant = [(draw != 0).all() for draw in draws(12, 200)]
    assert 40 < sum(constant) < 120
    for values in resampled(
        x, y, ["kendall", "kendall_c", "kendall_weighted", "spearman", "pearson"], 200
    ).values():
        np.testing.assert_array_equal(np.isnan(values), constant)


@pytest.mark.parametrize("rows", [10, 57])
def test_intervals_are_percentiles_of_the_resamples(rows):
    x, y = columns(rows)
    values = [kendalltau(x[draw], y[draw]).statistic for draw in draws(rows, 100)]
    found = rank_intervals(x, y, resamples=100)
    assert found["kendall"] == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=1e-12)
    narrow = rank_intervals(x, y, ["kendall"], level=0.5, resamples=100)
    assert list(narrow) == ["kendall"]
    assert narrow["kendall"] == pytest.approx(tuple(np.quantile(values, [0.25, 0.75])), abs=1e-12)


def test_a_thousand_resamples_unless_told_otherwise():
    x, y = columns(30)
    assert RESAMPLES == 1000
    assert rank_intervals(x, y) == rank_intervals(x, y, resamples=1000) != rank_intervals(x, y, resamples=999)
    assert rank_intervals(x, y, resamples=0) == {}


def test_drawn_in_blocks(monkeypatch):
    x, y = columns(50)
    whole = resampled(x, y, resamples=90)
    monkeypatch.setattr(bootstrap, "BLOCK", 50 * 7)
    in_blocks = resampled(x, y, resamples=90)
    for name, values in whole.items():
        np.testing.assert_allclose(in_blocks[name], values, rtol=0, atol=1e-12)


def test_columns_of_equal_length_are_resampled_alike_and_named_samples_otherwise():
    x, y = columns(40)
    assert resampled(-x, y, ["kendall"], 50)["kendall"] == pytest.approx(
        -resampled(x, y, ["kendall"], 50)["kendall"]
    )
    named = resampled(x, y, ["kendall"], 50, ("other",))["kendall"]
    expected = [kendalltau(x[draw], y[draw]).statistic for draw in draws(40, 50, "other")]
    np.testing.assert_allclose(named, expected, rtol=0, atol=1e-12)


def test_the_order_of_the_statistics_does_not_matter():
    x, y = columns(120)
    forward, backward = resampled(x, y, list(STATISTICS), 40), resampled(x, y, list(STATISTICS)[::-1], 40)
    for name, values in forward.items():
        np.testing.assert_array_equal(backward[name], values)


def test_covers_the_true_value_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    r, hits, repeats = 0.6, 0, 200
    tau = 2 / np.pi * np.arcsin(r)
    for _ in range(repeats):
        x, noise = rng.normal(size=(2, 120))
        ends = rank_intervals(x, r * x + np.sqrt(1 - r * r) * noise, ["kendall"], resamples=200)
        low, high = ends["kendall"]
        hits += low <= tau <= high
    assert 0.88 <= hits / repeats <= 0.99


def test_same_interval_every_time_and_no_global_draw():
    x, y = columns(40)
    before = np.random.get_state()[1].copy()
    assert rank_intervals(x, y) == rank_intervals(x, y)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.arange(9.0), np.arange(9.0)),
        (np.zeros(30), np.arange(30.0)),
        (np.arange(30.0), np.ones(30)),
    ],
    ids=["9 rows", "constant scores", "constant truth"],
)
def test_no_interval_where_it_would_mean_nothing(x, y):
    assert rank_intervals(x, y) == {}
    assert partial_intervals(x, y, np.arange(len(x)) % 3) == {}


def test_no_interval_where_most_resamples_are_constant():
    x = np.zeros(10)
    x[0] = 1.0
    assert "kendall" in rank_intervals(x, np.arange(10.0))  # constant in about (9/10)^10 = 35 % of them
    y = np.zeros(10)
    y[5] = 1.0
    assert rank_intervals(x, y) == {}  # both non-constant in about 40 %
    assert percentile_interval(np.array([np.nan, np.nan])) is None


def test_partial_intervals_are_those_of_the_partial_correlation_of_every_resample():
    x, y = columns(60, 3)
    given = np.round(x + np.random.default_rng(8).normal(size=60))
    found = partial_intervals(x, y, given, resamples=40)
    for name, statistic in {"kendall": partial_kendall, "spearman": partial_spearman}.items():
        values = [statistic(x[draw], y[draw], [given[draw]]) for draw in draws(60, 40)]
        assert found[name] == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=1e-10)
