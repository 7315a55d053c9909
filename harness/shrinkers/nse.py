"""NSE's evolution of a space, with accuracies looked up in place of a supernet's.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021, and its released code: rounds
over a pool of candidates; each inherits the candidates of the last one's front and is filled up with new
ones. Theirs trains a supernet of the round's sub-space, with indicators of every candidate's fitness, and
rates paths drawn by them, as ``nse_supernet`` does; here the paths of a sub-space are looked up. One
candidate per decision: no figures are known of layers with several branches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from harness.options import Option
from harness.searchers import Queries
from harness.shrinkers._elimination import KINDS, opened
from harness.spaces import Architecture, Mask, Space

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "evolve", "front_of", "mask_of", "shrink", "union"]

EVIDENCE = "queries"
COSTS = ("params_millions", "flops_millions")
FRONTS = ("best", "top", "pareto", "pareto_within")
OPTIONS = {
    "kept": Option(int, 3, "K: candidates of a decision in a round's sub-space"),
    "front": Option(FRONTS, "best", "paths whose candidates are inherited"),
    "top": Option(int, 5, "paths of front=top"),
    "cost": Option(
        COSTS, "params_millions", "that is weighed against accuracy, of the network that is trained"
    ),
    "target": Option(float, 0.7, "cost in millions that front=pareto_within is around"),
    "window": Option(float, 0.2, "millions that it lies below or above"),
    "paths": Option(int, 2000, "looked up in a round, drawn where its sub-space has more"),
}

Parts = list[list[int]]
"""By decision candidates of a sub-space."""

Rows = Sequence[tuple[Architecture, float, float]]
"""Paths, each with its accuracy in per cent and its cost in millions."""


def shrink(tools: Queries, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Evolve a sub-space over ``(M - 1) // (K - 1)`` rounds, for at most M candidates of a decision.

    Every decision draws an order of its candidates; the first ``kept`` (K) make the first sub-space. A round
    looks its paths up; the candidates of those on its front (:func:`front_of`) are inherited, and as many new
    ones come in as K leaves room for. A step leaves what is inherited and what was not tried yet, the last
    one only what is inherited: where a decision inherits K candidates nothing new is tried there.
    """
    budget, rng = opened(tools, "nse")

    def inherited(parts: Parts, number: int) -> Parts:
        looked_up = [
            (
                arch,
                budget.accuracy(tools.space.normalise(arch)),
                tools.costs(tools.space.normalise(arch))[settings["cost"]],
            )
            for arch in paths(parts, settings["paths"], rng)
        ]
        return union(front_of(looked_up, settings))

    yield from evolve(tools.space, settings["kept"], rng, inherited)


def evolve(
    space: Space, kept: int, rng: np.random.Generator, inherited: Callable[[Parts, int], Parts]
) -> Iterator[Mask]:
    """The steps of :func:`shrink`: ``inherited`` says what round number n keeps of its sub-space."""
    pools = [rng.permutation(len(decision.candidates)).tolist() for decision in space.decisions]
    parts: Parts = [[] for _ in pools]
    most = max(len(decision.candidates) for decision in space.decisions)
    for number in range(rounds(most, kept)):
        filled = [
            [*part, *(pool.pop(0) for _ in range(min(kept - len(part), len(pool))))]
            for part, pool in zip(parts, pools, strict=True)
        ]
        parts = inherited(filled, number)
        yield mask_of(space, [{*part, *pool} for part, pool in zip(parts, pools, strict=True)])
    if any(pools):
        yield mask_of(space, parts)


def union(archs: Sequence[Architecture]) -> Parts:
    """By decision the candidates that ``archs`` pick, ascending."""
    return [sorted({pick for picks in row for pick in picks}) for row in zip(*archs, strict=True)]


def rounds(candidates: int, kept: int) -> int:
    """``(M - 1) // (K - 1)``, and one round at least: each can replace all but one candidate."""
    return max(1, (candidates - 1) // (kept - 1)) if kept > 1 else 1


def paths(parts: Sequence[Sequence[int]], most: int, rng: np.random.Generator) -> Iterator[Architecture]:
    """All paths of a sub-space, or ``most`` different ones of them, drawn uniformly."""
    size = prod(map(len, parts))
    if size <= most:
        yield from (tuple((pick,) for pick in picks) for picks in product(*parts))
        return
    seen: set[tuple[int, ...]] = set()
    while len(seen) < most:
        picks = tuple(part[int(rng.integers(len(part)))] for part in parts)
        if picks not in seen:
            seen.add(picks)
            yield tuple((pick,) for pick in picks)


def front_of(rows: Rows, settings: Mapping[str, Any]) -> list[Architecture]:
    """The paths on the front that ``settings["front"]`` names.

    ``best`` is the most accurate one, the first of equals, ``top`` the ``settings["top"]`` most accurate
    ones. ``pareto`` are all that no other one beats: more accurate with no more parameters, or as accurate
    with fewer. ``pareto_within`` takes these of the paths that lie within ``settings["window"]`` of
    ``settings["target"]``, or of all where none does.
    """
    kind = settings["front"]
    if kind in ("best", "top"):
        ranked = sorted(rows, key=lambda row: -row[1])
        return [arch for arch, *_ in ranked[: 1 if kind == "best" else settings["top"]]]
    if kind == "pareto_within":
        near = [row for row in rows if abs(row[2] - settings["target"]) <= settings["window"]]
        rows = near or rows
    front: list[Architecture] = []
    last = (np.inf, -np.inf)
    for arch, accuracy, size in sorted(rows, key=lambda row: (row[2], -row[1])):
        if accuracy > last[1] or (size, accuracy) == last:
            front.append(arch)
            last = (size, accuracy)
    return front


def mask_of(space: Space, parts: Sequence[Collection[int]]) -> Mask:
    """The mask that leaves ``parts``."""
    return tuple(
        tuple(candidate in part for candidate in range(len(decision.candidates)))
        for decision, part in zip(space.decisions, parts, strict=True)
    )
