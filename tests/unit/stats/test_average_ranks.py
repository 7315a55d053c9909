"""Friedman against SciPy, the critical difference against Demsar's table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, studentized_range

from harness.stats import average_ranks
from harness.stats.average_ranks import studentised_range

# Demsar 2006, table 5 (a): q at 0.05 for 2 to 10 methods.
QUANTILES = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]


@pytest.mark.parametrize("values", [3, 10**6], ids=["tied", "distinct"])
@pytest.mark.parametrize(("blocks", "methods"), [(5, 3), (12, 6)])
def test_friedman_against_scipy(blocks, methods, values):
    table = np.random.default_rng(blocks).integers(values, size=(blocks, methods)).astype(float)
    found, expected = average_ranks(table), friedmanchisquare(*table.T)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-12)
    assert (found.blocks, found.dropped, found.reason) == (blocks, 0, None)


@pytest.mark.parametrize("methods", range(2, 11))
def test_critical_difference_against_the_published_quantiles(methods):
    table = np.random.default_rng(0).normal(size=(6, methods))
    expected = QUANTILES[methods - 2] * np.sqrt(methods * (methods + 1) / 36)
    assert average_ranks(table).critical_difference == pytest.approx(expected, rel=3e-4)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_the_studentised_range_against_scipy(level, count):
    expected = studentized_range.ppf(level, count, np.inf)
    assert studentised_range(level, count) == pytest.approx(expected, abs=1e-10)


def test_ranks_and_cliques_by_hand():
    table = np.column_stack(
        [np.full(30, 4.0), np.arange(30) % 2 + 2.5, np.arange(30)[::-1] % 2 + 2.5, np.zeros(30)]
    )
    found = average_ranks(table)
    assert found.ranks == (1.0, 2.5, 2.5, 4.0)
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(20 / 180), rel=1e-3)
    assert found.cliques == ((0,), (1, 2), (3,))
    few = average_ranks(table[:4])
    assert few.cliques == ((0, 1, 2), (1, 2, 3))


def test_blocks_without_every_method_are_dropped():
    table = np.random.default_rng(1).normal(size=(8, 3))
    spoilt = np.vstack([table, [1.0, np.nan, 2.0]])
    found = average_ranks(spoilt)
    assert found.ranks == average_ranks(table).ranks
    assert (found.blocks, found.dropped) == (8, 1)


@pytest.mark.parametrize(
    ("table", "ranks", "words"),
    [
        (np.zeros((0, 3)), (), "no block"),
        (np.full((2, 2), np.nan), (), "no block"),
        (np.array([[1.0, 2.0]]), (2.0, 1.0), "takes 2 methods and 2 blocks"),
        (np.array([[1.0], [2.0]]), (1.0,), "takes 2 methods and 2 blocks"),
        (np.ones((3, 2)), (1.5, 1.5), "tied in every block"),
    ],
)
def test_no_test_with_a_reason(table, ranks, words):
    found = average_ranks(table)
    assert found.ranks == ranks
    assert found.p is found.critical_difference is None
    assert words in found.reason
