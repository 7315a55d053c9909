"""Correlations against SciPy and against counting pairs one by one."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr, weightedtau

from harness.stats import kendall, kendall_c, kendall_weighted, pearson, ranks, spearman, undefined_reason
from harness.stats.rank_correlation import SMALL


def naive_kendall(x, y):
    concordant = discordant = only_x = only_y = 0
    for i, j in combinations(range(len(x)), 2):
        a, b = x[i] - x[j], y[i] - y[j]
        concordant += a * b > 0
        discordant += a * b < 0
        only_x += a == 0 and b != 0
        only_y += b == 0 and a != 0
    paired = concordant + discordant
    return (concordant - discordant) / math.sqrt((paired + only_x) * (paired + only_y))


def naive_ranks(column):
    return [
        sum(other < value for other in column) + (sum(other == value for other in column) + 1) / 2
        for value in column
    ]


def naive_spearman(x, y):
    u, v = naive_ranks(x), naive_ranks(y)
    a, b = [r - sum(u) / len(u) for r in u], [r - sum(v) / len(v) for r in v]
    covariance = sum(p * q for p, q in zip(a, b, strict=True))
    return covariance / math.sqrt(sum(p * p for p in a) * sum(q * q for q in b))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=30))
def test_equals_counting_pairs_with_ties(pairs):
    x, y = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if undefined_reason(x, y) is not None:
        assert kendall(x, y) is None
        assert spearman(x, y) is None
    else:
        assert kendall(x, y) == pytest.approx(naive_kendall(x, y), abs=1e-12)
        assert spearman(x, y) == pytest.approx(naive_spearman(x, y), abs=1e-12)


@pytest.mark.parametrize("rows", [2, 3, 50, SMALL - 1, SMALL, SMALL + 1, SMALL + 57])
@pytest.mark.parametrize("values", [5, 10**6])
def test_equals_scipy_on_both_sides_of_the_switch(rows, values):
    rng = np.random.default_rng(rows)
    x, y = rng.integers(values, size=(2, rows)).astype(float)
    x[0], x[1], y[0], y[1] = 0, 1, 1, 0
    assert kendall(x, y) == pytest.approx(kendalltau(x, y).statistic, abs=1e-12)
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    assert kendall_c(x, y) == pytest.approx(kendalltau(x, y, variant="c").statistic, abs=1e-12)
    assert kendall_weighted(x, y) == pytest.approx(weightedtau(x, y).statistic, abs=1e-12)
    if rows > 2:
        assert pearson(x, y) == pytest.approx(pearsonr(x, y).statistic, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=30))
def test_the_others_equal_scipy_with_ties(pairs):
    x, y = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if undefined_reason(x, y) is not None:
        assert kendall_c(x, y) is kendall_weighted(x, y) is pearson(x, y) is None
    else:
        assert kendall_c(x, y) == pytest.approx(kendalltau(x, y, variant="c").statistic, abs=1e-12)
        assert kendall_weighted(x, y) == pytest.approx(weightedtau(x, y).statistic, abs=1e-12)
        assert pearson(x, y) == pytest.approx(pearsonr(x, y).statistic, abs=1e-12)


def test_pearson_of_very_large_and_very_close_scores():
    rng = np.random.default_rng(0)
    y = rng.normal(90, 3, 100)
    x = y + rng.normal(size=100)
    assert pearson(x * 1e200, y) == pytest.approx(pearsonr(x, y).statistic, abs=1e-12)
    assert pearson(x + 1e6, y) == pytest.approx(pearsonr(x, y).statistic, abs=1e-8)


def test_the_weighted_tau_looks_at_the_top():
    x = np.arange(100.0)
    top, bottom = x.copy(), x.copy()
    top[-10:], bottom[:10] = top[-10:][::-1].copy(), bottom[:10][::-1].copy()
    assert kendall(top, x) == kendall(bottom, x)
    assert kendall_weighted(top, x) < kendall(top, x) < kendall_weighted(bottom, x)


@pytest.mark.parametrize("rows", [1, 2, SMALL, SMALL + 1])
def test_ranks(rows):
    column = np.random.default_rng(rows).integers(20, size=rows).astype(float)
    assert ranks(column).tolist() == rankdata(column).tolist()


def test_a_column_that_changes_in_place_is_compared_again():
    x, y = np.arange(5.0), np.arange(5.0)
    assert kendall(x, y) == spearman(x, y) == 1.0
    x[:] = x[::-1].copy()
    assert kendall(x, y) == spearman(x, y) == -1.0
    whole = y.astype(int)
    assert kendall(whole, y) == 1.0  # other bytes, and other types of the same bytes, are other columns
    assert kendall(whole.view(float)[::-1], y) == -1.0


def test_the_two_ends():
    x = np.arange(500.0)
    assert kendall(x, x**3) == pytest.approx(1.0, abs=1e-12)
    assert spearman(x, x**3) == pytest.approx(1.0, abs=1e-12)
    assert kendall(x[:9], -x[:9]) == -1.0
    assert spearman(x[:9], -x[:9]) == -1.0


def test_ranks_alone_count():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 40))
    assert kendall(x, y) == kendall(np.exp(20 * x), y)
    assert spearman(x, y) == spearman(np.exp(20 * x), y)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([], [], "fewer than 2"),
        ([1.0], [2.0], "fewer than 2"),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], "scores are equal"),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], "true values are equal"),
    ],
)
def test_undefined_is_none_with_a_reason_and_never_0(x, y, words):
    x, y = np.array(x), np.array(y)
    assert kendall(x, y) is None
    assert spearman(x, y) is None
    assert kendall_c(x, y) is kendall_weighted(x, y) is pearson(x, y) is None
    assert words in undefined_reason(x, y)
