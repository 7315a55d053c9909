"""nDCG against scikit-learn; overlaps against counting over all ways to break ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from harness.stats import best_of_top, ndcg, rank_of, top_overlap, top_precision
from harness.stats.top_ranked import among_top, top_decile


@pytest.mark.parametrize("values", [1, 3, 10**6])
@pytest.mark.parametrize("rows", [2, 30, 1000, 1400])
def test_ndcg_against_scikit_learn_with_ties(rows, values):
    rng = np.random.default_rng(rows)
    truth = np.round(rng.uniform(2, 14, rows) * values) / values
    scores = np.round((truth + rng.normal(0, 3, rows)) * values) / values
    truth[0], scores[1] = 15, 20
    assert ndcg(scores, truth) == pytest.approx(ndcg_score([2**truth - 1], [scores], k=1000), abs=1e-12)


def test_ndcg_by_hand():
    truth = np.array([2.0, 1.0, 0.0])
    best = 3 + 1 / np.log2(3)
    assert ndcg(truth, truth) == 1.0
    assert ndcg(-truth, truth) == pytest.approx((1 / np.log2(3) + 3 / 2) / best, abs=1e-15)


def test_ndcg_of_percentages_neither_overflows_nor_depends_on_the_worst():
    truth = np.array([94.0, 93.0, 10.0, 0.0])
    scores = np.array([2.0, 3.0, 1.0, 0.0])
    found = ndcg(scores, truth)
    assert found == pytest.approx((1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3)), abs=1e-12)
    assert ndcg(scores, truth * 100) < found


@pytest.mark.parametrize(
    ("scores", "truth"),
    [([], []), ([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0, 1.0]), ([1.0, 2.0], [-1.0, 0.0])],
)
def test_ndcg_undefined(scores, truth):
    assert ndcg(np.array(scores), np.array(truth)) is None


def over_all_orders(scores, truth, count):
    """Mean of ``count(rows by score, rows by truth)`` over all ways to break ties in either."""
    rows = range(len(scores))
    by_score, by_truth = (
        [order for order in permutations(rows) if all(np.diff([column[i] for i in order]) <= 0)]
        for column in (scores, truth)
    )
    return np.mean([count(a, b) for a in by_score for b in by_truth])


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("scores", "truth"),
    [
        ([1, 2, 3, 4, 5], [5, 3, 4, 1, 2]),
        ([1, 1, 2, 2, 2], [3, 3, 3, 1, 5]),
        ([0, 0, 0, 0, 0], [1, 2, 2, 3, 3]),
    ],
)
def test_overlap_is_its_mean_over_all_ways_to_break_ties(scores, truth, k):
    expected = over_all_orders(scores, truth, lambda a, b: len(set(a[:k]) & set(b[:k])) / k)
    assert top_overlap(np.array(scores), np.array(truth), k) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_precision_is_its_mean_over_all_ways_to_break_ties(k):
    scores, truth = np.array([2, 1, 2, 2, 0]), np.array([7, 7, 1, 2, 3])
    good = set(np.flatnonzero(top_decile(truth)))
    assert good == {0, 1}
    expected = over_all_orders(scores, truth, lambda a, b: len(set(a[:k]) & good) / k)
    assert top_precision(scores, truth, k) == pytest.approx(expected, abs=1e-15)


def test_among_top_adds_up_to_k():
    values = np.array([3, 3, 1, 2, 2, 2])
    np.testing.assert_allclose(among_top(values, 3), [1, 1, 0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(among_top(values, 9), np.ones(6))


def test_the_best_of_the_highest_scored_takes_ties_worst_first():
    scores, truth = np.array([5, 5, 4, 1]), np.array([90.0, 92.0, 94.0, 95.0])
    assert [best_of_top(scores, truth, k) for k in (1, 2, 3, 4)] == [90.0, 92.0, 94.0, 95.0]
    assert (
        best_of_top(scores, truth, 5)
        is top_overlap(scores, truth, 5)
        is top_precision(scores, truth, 5)
        is None
    )


def test_equal_values_share_the_best_rank():
    truth = np.array([90.0, 94.0, 94.0, 92.0])
    assert [rank_of(value, truth) for value in truth] == [4, 1, 1, 3]
