"""Sums of ranks and of log ranks, against ranks counted pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness import aggregations

RANK_SUMS = ("rank_sum", "te_nas")
LOG_RANK_SUMS = ("log_rank_sum", "az_nas", "vkdnw_aggregate")


def counted_ranks(values: np.ndarray) -> list[float]:
    """1 + how many are smaller + half of how many others are equal."""
    return [
        1 + sum(other < own for other in values) + (sum(other == own for other in values) - 1) / 2
        for own in values
    ]


def draw(name: str, count: int, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    parts = aggregations.load(name).PARTS or ("b", "c", "a", "d")
    return {part: generator.integers(-4, 9, count) / 3 for part in parts}


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("name", RANK_SUMS)
def test_sums_of_ranks(name: str, count: int) -> None:
    parts = draw(name, count, count)
    expected = [sum(ranks) for ranks in zip(*map(counted_ranks, parts.values()), strict=True)]
    np.testing.assert_array_equal(aggregations.load(name).score(parts), expected)


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("name", LOG_RANK_SUMS)
def test_sums_of_log_ranks(name: str, count: int) -> None:
    parts = draw(name, count, count)
    expected = [
        math.log(math.prod(rank / count for rank in ranks))
        for ranks in zip(*map(counted_ranks, parts.values()), strict=True)
    ]
    np.testing.assert_allclose(aggregations.load(name).score(parts), expected, rtol=1e-12, atol=1e-13)


def test_known_ranks() -> None:
    parts = {"ntk": np.array([-20.0, -3.0, -3.0, -900.0]), "linear_regions": np.array([7.0, 5.0, 9.0, 9.0])}
    te_nas = aggregations.load("te_nas").score(parts)
    np.testing.assert_array_equal(te_nas, [2 + 2, 3.5 + 1, 3.5 + 3.5, 1 + 3.5])


def test_a_bad_rank_costs_more_in_logarithms() -> None:
    """Of two networks with the same rank sum the even one is ahead."""
    parts = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([3.0, 2.0, 1.0])}
    assert len(set(aggregations.load("rank_sum").score(parts))) == 1
    uneven, even, other = aggregations.load("log_rank_sum").score(parts)
    assert even > uneven == other


def test_the_order_of_the_list_changes_no_bit() -> None:
    parts = draw("log_rank_sum", 200, 5)
    again = dict(sorted(parts.items(), reverse=True))
    score = aggregations.load("log_rank_sum").score
    assert score(parts).tobytes() == score(again).tobytes()


def test_only_the_order_of_values_counts() -> None:
    parts = draw("az_nas", 30, 3)
    bent = {part: np.exp(values) * 7 for part, values in parts.items()}
    score = aggregations.load("az_nas").score
    np.testing.assert_array_equal(score(bent), score(parts))
