"""Bootstrap intervals against resampling one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from harness.seeding import generator
from harness.stats import bootstrap
from harness.stats.bootstrap import rank_intervals


def columns(rows, values=10**6, seed=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = x + rng.normal(size=rows)
    return np.round(x * values), np.round(y * values)


def one_by_one(x, y, count):
    rng = generator(0, "bootstrap")
    draws = rng.integers(len(x), size=(count, len(x)))
    taus = [kendalltau(x[draw], y[draw]).statistic for draw in draws]
    rhos = [spearmanr(x[draw], y[draw]).statistic for draw in draws]
    return {
        "kendall": tuple(np.quantile(taus, [0.025, 0.975])),
        "spearman": tuple(np.quantile(rhos, [0.025, 0.975])),
    }


@pytest.mark.parametrize("values", [1, 10**6], ids=["tied", "distinct"])
@pytest.mark.parametrize("rows", [10, 57, 300])
def test_equals_resampling_one_by_one(rows, values):
    x, y = columns(rows, values)
    expected, found = one_by_one(x, y, 100), rank_intervals(x, y, resamples=100)
    for name, ends in expected.items():
        assert found[name] == pytest.approx(ends, abs=1e-9)


def test_matrix_and_sorting_agree(monkeypatch):
    x, y = columns(200, 2)
    by_matrix = rank_intervals(x, y, resamples=60)
    monkeypatch.setattr(bootstrap, "MATRIX_ROWS", 0)
    by_sorting = rank_intervals(x, y, resamples=60)
    assert by_matrix["kendall"] == pytest.approx(by_sorting["kendall"], abs=1e-12)
    assert by_matrix["spearman"] == by_sorting["spearman"]


def test_drawn_in_blocks(monkeypatch):
    x, y = columns(50)
    whole = rank_intervals(x, y, resamples=90)
    monkeypatch.setattr(bootstrap, "BLOCK", 50 * 7)
    in_blocks = rank_intervals(x, y, resamples=90)
    for name, ends in whole.items():
        assert in_blocks[name] == pytest.approx(ends, abs=1e-12)


def test_covers_the_true_value_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    r, hits, repeats = 0.6, 0, 200
    tau = 2 / np.pi * np.arcsin(r)
    for _ in range(repeats):
        x, noise = rng.normal(size=(2, 120))
        low, high = rank_intervals(x, r * x + np.sqrt(1 - r * r) * noise, resamples=200)["kendall"]
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


def test_no_interval_where_most_resamples_are_constant():
    x = np.zeros(10)
    x[0] = 1.0
    assert "kendall" in rank_intervals(x, np.arange(10.0))  # constant in about (9/10)^10 = 35 % of them
    y = np.zeros(10)
    y[5] = 1.0
    assert rank_intervals(x, y) == {}  # both non-constant in about 40 %
