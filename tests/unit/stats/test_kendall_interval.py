"""Tau against scipy, its interval against the bootstrap and against how often it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from harness.stats import kendall_interval, rank_intervals


def columns(rows, values, noise, seed=0):
    rng = np.random.default_rng([rows, values, seed])
    x = rng.normal(size=rows)
    y = x + noise * rng.normal(size=rows)
    return np.round(x * values), np.round(y * values)


@pytest.mark.parametrize("values", [1, 3, 1000])
@pytest.mark.parametrize("rows", [2, 9, 60, 1000])
def test_tau_is_that_of_scipy_with_ties(rows, values):
    x, y = columns(rows, values, 1.0)
    found = kendall_interval(x, y)
    assert found.n == rows
    assert found.tau == pytest.approx(kendalltau(x, y).statistic, abs=1e-9)
    assert (found.low is None) == (rows < 10)


@pytest.mark.parametrize("noise", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("values", [2, 1000])
def test_the_interval_is_near_the_bootstraps(values, noise):
    x, y = columns(600, values, noise)
    found = kendall_interval(x, y)
    low, high = rank_intervals(x, y, ["kendall"])["kendall"]
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)


def test_it_holds_the_truth_about_as_often_as_it_says():
    """Of a normal pair of correlation r tau is 2 / pi arcsin r (Greiner)."""
    truth = 2 / np.pi * np.arcsin(1 / np.sqrt(1 + 0.5**2))
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=120)
        found = kendall_interval(x, x + 0.5 * rng.normal(size=120))
        held += found.low <= truth <= found.high
    assert 0.91 <= held / 300 <= 0.98


def test_what_is_not_finite_is_left_out():
    x, y = columns(50, 1000, 1.0)
    whole = kendall_interval(x, y)
    assert kendall_interval(np.append(x, [np.nan, 1.0]), np.append(y, [5.0, np.inf])) == whole


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_perfect_order_has_no_width(sign):
    x = np.arange(30.0)
    found = kendall_interval(x, sign * x**3)
    assert (found.tau, found.low, found.high) == (sign, sign, sign)


def test_a_constant_column_has_no_tau():
    found = kendall_interval(np.ones(30), np.arange(30.0))
    assert (found.n, found.tau, found.low, found.high) == (30, None, None, None)
