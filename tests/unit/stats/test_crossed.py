"""Variance by what is drawn anew, of a crossed design."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.stats import crossed_variance, standardised

LEVELS = {"a": [0, 0, 1, 1, 2, 2], "b": [0, 1, 0, 1, 0, 1]}
VALUES = np.array([1.0, 2.0, 5.0, 4.0, 9.0, 3.0])


def test_of_one_factor_it_is_the_mean_of_the_sample_variances():
    by_b = [VALUES[[0, 2, 4]].var(ddof=1), VALUES[[1, 3, 5]].var(ddof=1)]
    assert crossed_variance(VALUES, LEVELS, {"a"}) == pytest.approx(np.mean(by_b))


def test_of_several_factors_pairs_differ_in_each_of_them():
    pairs = [(0, 3), (0, 5), (2, 1), (2, 5), (4, 1), (4, 3)]
    expected = np.mean([(VALUES[i] - VALUES[j]) ** 2 / 2 for i, j in pairs])
    assert crossed_variance(VALUES, LEVELS, {"a", "b"}) == pytest.approx(expected)


def test_of_several_responses_it_is_the_mean():
    both = np.stack([VALUES, 3 * VALUES], axis=1)
    assert crossed_variance(both, LEVELS, {"b"}) == pytest.approx(5 * crossed_variance(VALUES, LEVELS, {"b"}))


def test_it_has_no_bias_where_levels_are_draws():
    rng = np.random.default_rng(0)
    cells = list(itertools.product(range(3), range(2)))
    levels = {"a": [a for a, _ in cells], "b": [b for _, b in cells]}
    found = []
    for _ in range(3000):
        a, b, rest = rng.normal(0, 2, 3), rng.normal(0, 1, 2), rng.normal(0, 0.5, (3, 2))
        values = np.array([a[i] + b[j] + rest[i, j] for i, j in cells])
        found.append([crossed_variance(values, levels, each) for each in ({"a"}, {"b"}, {"a", "b"})])
    assert np.mean(found, axis=0) == pytest.approx([4.25, 1.25, 5.25], rel=0.1)


def test_without_a_pair_nothing_is_known():
    assert crossed_variance(VALUES[:1], {"a": [0]}, {"a"}) is None
    assert crossed_variance(np.array([1.0, np.nan]), {"a": [0, 1]}, {"a"}) is None


def test_standardised_values_have_mean_0_and_deviation_1_but_equal_ones_are_0():
    found = standardised(VALUES)
    assert (found.mean(), found.std()) == (pytest.approx(0), pytest.approx(1))
    assert standardised(np.ones(3)).tolist() == [0, 0, 0]
