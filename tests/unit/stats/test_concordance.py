"""Concordance by halving against comparing all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import _concordance
from harness.stats._concordance import LEAF_ONCE, net_concordance
from harness.stats._sums import CHUNK, NARROW, group_sums, running_sum


def all_pairs(x, y, weights):
    signs = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
    return signs @ weights.astype(np.float64)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 4)), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_equals_all_pairs_whatever_the_ties_and_the_leaf(rows, leaf):
    x, y, weight = (np.array(column) for column in zip(*sorted(rows), strict=True))
    weights = np.stack([weight, np.ones_like(weight)], axis=1).astype(np.float32)
    before, _concordance.LEAF = _concordance.LEAF, leaf
    try:
        np.testing.assert_array_equal(net_concordance(x, y, weights), all_pairs(x, y, weights))
    finally:
        _concordance.LEAF = before


@pytest.mark.parametrize("values", [2, 7, 10**6], ids=["2 values", "7 values", "distinct"])
def test_equals_all_pairs_over_several_halvings(values):
    rng = np.random.default_rng(values)
    x, y = np.sort(rng.integers(values, size=1500)), rng.integers(values, size=1500)
    weights = rng.integers(0, 5, size=(1500, 4)).astype(np.float32)
    np.testing.assert_array_equal(net_concordance(x, y, weights), all_pairs(x, y, weights))


@pytest.mark.parametrize("rows", [1, LEAF_ONCE, LEAF_ONCE + 1])
@pytest.mark.parametrize("values", [7, 10**6])
def test_a_single_weighting(rows, values):
    rng = np.random.default_rng(rows)
    x, y = np.sort(rng.integers(values, size=rows)), rng.integers(values, size=rows)
    weights = rng.integers(0, 5, size=(rows, 1)).astype(np.float32)
    np.testing.assert_array_equal(net_concordance(x, y, weights), all_pairs(x, y, weights))


def test_counts_are_exact_where_float32_sums_could_round():
    rows = 40_001
    x = np.arange(rows)
    weights = np.full((rows, 1), 401, dtype=np.float32)  # 16,040,401 in all, just below 2^24
    found = net_concordance(x, x, weights)[:, 0]
    np.testing.assert_array_equal(found, np.full(rows, 401 * (rows - 1)))


@pytest.mark.parametrize("rows", [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 5 * CHUNK + 3])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [1, NARROW, NARROW + 1])
def test_running_sum(rows, kind, columns):
    values = np.random.default_rng(rows).integers(0, 100, size=(rows, columns)).astype(kind)
    expected = np.array([values[:row].sum(0) for row in range(rows + 1)])
    found = running_sum(values)
    assert found.dtype == kind
    np.testing.assert_array_equal(found, expected)


def test_group_sums():
    values = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(group_sums(values, np.array([0, 1, 4])), [[0, 1], [12, 15], [8, 9]])
    np.testing.assert_array_equal(group_sums(values, np.arange(5)), values)
