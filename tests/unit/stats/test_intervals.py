"""Mean and t interval over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from harness.stats import mean_with_interval


def test_against_scipy():
    values = [0.61, 0.58, 0.64, 0.60]
    found = mean_with_interval(values)
    low, high = scipy_stats.t.interval(0.95, 3, np.mean(values), scipy_stats.sem(values))
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-12)
    assert found["mean"] == pytest.approx(np.mean(values))
    assert found["sd"] == pytest.approx(np.std(values, ddof=1))
    assert (found["n"], found["undefined"]) == (4, 0)


def test_one_value_has_no_spread():
    found = mean_with_interval([0.5])
    assert (found["mean"], found["sd"], found["low"], found["high"]) == (0.5, None, None, None)


@pytest.mark.parametrize("values", [[], [None], [math.nan, None, math.inf]])
def test_nothing_defined(values):
    found = mean_with_interval(values)
    assert found["mean"] is None
    assert (found["n"], found["undefined"]) == (0, len(values))


def test_undefined_values_are_counted_and_left_out():
    found = mean_with_interval([1.0, None, 3.0, math.nan])
    assert (found["mean"], found["n"], found["undefined"]) == (2.0, 2, 2)
