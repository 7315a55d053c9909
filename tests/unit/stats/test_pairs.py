"""Pairs counted by sorting against looking at every pair."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from harness.stats import _pairs
from harness.stats._pairs import LEAF, compared, descents
from harness.stats.rank_correlation import SMALL, kendall


def every_pair(x, y):
    a, b = (np.sign(column[:, None] - column[None, :]) for column in (x, y))
    return (a * b).sum() // 2, (a != 0).sum() // 2, (b != 0).sum() // 2


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=70), st.integers(1, 5)
)
def test_equals_every_pair_whatever_the_ties_and_the_leaf(rows, leaf):
    x, y = (np.array(column) for column in zip(*rows, strict=True))
    before, _pairs.LEAF = _pairs.LEAF, leaf
    try:
        assert compared(x, y) == every_pair(x, y)
    finally:
        _pairs.LEAF = before


@pytest.mark.parametrize("count", [1, LEAF - 1, LEAF, LEAF + 1, 3 * LEAF, 1000])
def test_descents_of_what_ascends_descends_and_is_shuffled(count):
    column = np.arange(count)
    shuffled = np.random.default_rng(count).permutation(count)
    assert descents(column) == 0
    assert descents(column[::-1]) == count * (count - 1) // 2
    assert descents(shuffled) == np.triu(shuffled[:, None] > shuffled, 1).sum()


def test_numbers_beyond_32_bits():
    x = np.random.default_rng(0).normal(size=70_000)
    assert compared(x, x) == (70_000 * 69_999 // 2,) * 3
    assert compared(x, -x)[0] == -70_000 * 69_999 // 2


@pytest.mark.parametrize("rows", [SMALL + 1, 2 * SMALL, 15_625])
@pytest.mark.parametrize("digits", [None, 1, 0])
def test_tau_has_the_bits_of_scipys(rows, digits):
    x, noise = np.random.default_rng(rows).normal(size=(2, rows))
    columns = [x, x + noise, -x] if digits is None else [np.round(x, 2), np.round(x + noise, digits), -x]
    for y in columns:
        assert kendall(x, y) == kendalltau(x, y).statistic
        assert kendall(y, x) == kendalltau(y, x).statistic


def test_tau_of_many_rows_takes_a_small_part_of_scipy():
    code = (
        "import sys, numpy as np; from harness.stats import average_ranks, kendall;"
        "kendall(np.arange(300.), np.arange(300.)); average_ranks(np.eye(4));"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
