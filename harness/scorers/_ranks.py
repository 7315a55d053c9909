"""What scorers that compare several proxies share: what they are given, and which removals they rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.scorers._score import Evaluate, Score
from harness.spaces import Mask, Space

Pair = tuple[int, int]
"""A decision and one of its candidates, by their indices."""


@dataclass(frozen=True)
class ProxyScores:
    """What a scorer with ``EVIDENCE = "proxies"`` is given for one step.

    Attributes
    ----------
    space
        Whose decisions the masks speak of.
    repeats
        By proxy one function per repeat, from masks to the proxy's scores. The supernets and batches of two
        repeats are drawn anew; within one, all masks are of the same supernet and batch.
    """

    space: Space
    repeats: Mapping[str, Sequence[Evaluate]]


def open_pairs(space: Space, mask: Mask, kind: str) -> list[Pair]:
    """Every candidate left of the decisions of ``kind`` that more are left of than they pick."""
    return [
        (index, candidate)
        for index, (decision, row) in enumerate(zip(space.decisions, mask, strict=True))
        if decision.kind == kind and sum(row) > decision.picks
        for candidate, alive in enumerate(row)
        if alive
    ]


def dense_ranks(values: Mapping[Pair, float]) -> dict[Pair, int]:
    """Ranks from 0 on, ascending: equal values share one and the next value has the next."""
    places = {value: place for place, value in enumerate(sorted(set(values.values())))}
    return {pair: places[value] for pair, value in values.items()}


def first_failure(*scores: Score) -> Score | None:
    """The first of ``scores`` that has no value."""
    return next((score for score in scores if score.value is None), None)
