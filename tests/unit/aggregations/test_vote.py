from __future__ import annotations

import numpy as np
import pytest

from harness import aggregations
from harness.aggregations import vote


def won_less_lost(parts: dict[str, np.ndarray]) -> list[int]:
    """Every pair put to the vote, one after the other."""
    count = len(next(iter(parts.values())))
    balance = [0] * count
    for first in range(count):
        for second in range(count):
            better = sum(values[first] > values[second] for values in parts.values())
            worse = sum(values[first] < values[second] for values in parts.values())
            balance[first] += int(better > worse) - int(better < worse)
    return balance


@pytest.mark.parametrize("voters", [2, 3, 4])
@pytest.mark.parametrize("count", [1, 2, 33])
def test_every_pair(voters: int, count: int) -> None:
    draw = np.random.default_rng(voters)
    parts = {str(index): draw.integers(0, 12, count).astype(float) for index in range(voters)}
    found = vote.score(parts)
    np.testing.assert_array_equal(found, won_less_lost(parts))
    assert found.sum() == 0


@pytest.mark.parametrize("pairs", [1, 33, 100, 10_000])
def test_blocks_change_nothing(pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(1)
    parts = {name: draw.normal(size=33) for name in "abc"}
    monkeypatch.setattr(vote, "_PAIRS", pairs)
    np.testing.assert_array_equal(vote.score(parts), won_less_lost(parts))


def test_two_of_three_decide() -> None:
    parts = {
        "synflow": np.array([1.0, 2.0]),
        "jacob_cov": np.array([1.0, 2.0]),
        "snip": np.array([1e9, 0.0]),
    }
    np.testing.assert_array_equal(vote.score(parts), [-1, 1])


def test_majorities_in_a_circle_are_a_tie() -> None:
    parts = {"a": np.array([3.0, 2, 1]), "b": np.array([2.0, 1, 3]), "c": np.array([1.0, 3, 2])}
    np.testing.assert_array_equal(vote.score(parts), [0, 0, 0])


def test_a_tied_voter_abstains() -> None:
    parts = {"a": np.array([1.0, 1.0]), "b": np.array([0.0, 0.0]), "c": np.array([0.0, 1.0])}
    np.testing.assert_array_equal(vote.score(parts), [-1, 1])


def test_more_voters_than_a_byte_counts() -> None:
    parts = {str(index): np.array([0.0, 1.0]) for index in range(200)}
    np.testing.assert_array_equal(vote.score(parts), [-1, 1])


def test_it_is_a_population_proxy() -> None:
    assert aggregations.load("vote") is vote
