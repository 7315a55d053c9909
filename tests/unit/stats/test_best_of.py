"""Expected picks against drawing every subset."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from harness.stats import best_of_n, expected_highest


def by_enumeration(scores, truth, n):
    """Mean over all subsets of n rows of the mean truth of those that score highest in it."""
    picks = []
    for rows in combinations(range(len(scores)), n):
        best = max(scores[row] for row in rows)
        picks.append(np.mean([truth[row] for row in rows if scores[row] == best]))
    return np.mean(picks)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8])
@pytest.mark.parametrize(
    "scores",
    [[1, 2, 3, 4, 5, 6, 7, 8], [3, 1, 3, 3, 2, 2, 1, 5], [0] * 8],
    ids=["distinct", "tied", "constant"],
)
def test_equals_drawing_every_subset(scores, n):
    scores, truth = np.array(scores, float), np.array([90.0, 94, 91, 92, 10, 93.5, 94, 88])
    assert expected_highest(scores, truth, n) == pytest.approx(by_enumeration(scores, truth, n), abs=1e-10)


def test_failures_are_picked_only_where_nothing_else_was_drawn():
    scores, truth = np.array([np.nan, 2.0, np.nan, 1.0, np.nan]), np.array([94.0, 91, 92, 90, 10])
    found = best_of_n(scores, truth, (1, 2, 3, 4))
    for n in (1, 2, 3, 4):
        last = np.where(np.isnan(scores), -1.0, scores)
        assert found[str(n)]["accuracy"] == pytest.approx(by_enumeration(last, truth, n), abs=1e-10)
    assert found["4"]["accuracy"] == pytest.approx(0.8 * 91 + 0.2 * 90)


def test_beside_the_oracle_and_a_random_pick():
    rng = np.random.default_rng(0)
    truth = rng.normal(90, 3, 500)
    found = best_of_n(truth + rng.normal(0, 2, 500), truth, (1, 10, 100, 500, 501))
    assert list(found) == ["1", "10", "100", "500"]
    for n, point in found.items():
        assert point["random"] == pytest.approx(truth.mean())
        assert point["regret"] == pytest.approx(truth.max() - point["accuracy"])
        assert point["oracle"] == pytest.approx(expected_highest(truth, truth, int(n)))
        assert point["oracle"] >= point["accuracy"] - 1e-9
    assert found["1"]["accuracy"] == pytest.approx(truth.mean())
    assert found["500"]["oracle"] == pytest.approx(truth.max())
    accuracies = [found[n]["accuracy"] for n in ("1", "10", "100")]
    assert accuracies == sorted(accuracies)


def test_against_drawing_at_random_at_the_size_of_a_space():
    rng = np.random.default_rng(1)
    truth = rng.normal(90, 3, 15_625)
    scores = np.round(truth + rng.normal(0, 2, 15_625), 1)
    draws = np.array([rng.choice(15_625, 20, replace=False) for _ in range(4000)])
    jitter = rng.uniform(0, 0.01, draws.shape)
    picked = truth[draws[np.arange(4000), np.argmax(scores[draws] + jitter, axis=1)]]
    error = picked.std() / np.sqrt(4000)
    assert abs(expected_highest(scores, truth, 20) - picked.mean()) < 4 * error


def test_nothing_scored_is_a_random_pick():
    truth = np.array([1.0, 2.0, 6.0])
    assert best_of_n(np.full(3, np.nan), truth, (2,))["2"]["accuracy"] == pytest.approx(3.0)
    assert best_of_n(np.zeros(0), np.zeros(0), (1, 10)) == {}
