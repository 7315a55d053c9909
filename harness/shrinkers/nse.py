"""NSE's evolution of a space, with accuracies looked up in place of a supernet's.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021, and its released code: rounds
over a pool of candidates; each inherits the candidates of the last one's front and is filled up with new
ones. Theirs trains a supernet of the round's sub-space, with indicators of every candidate's fitness, and
rates paths drawn by them; here the paths of a sub-space are looked up. One candidate per decision: no
figures are known of layers with several branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from harness.options import Option
from harness.searchers import Budget, Queries
from harness.seeding import generator
from harness.shrinkers._elimination import KINDS
from harness.spaces import Architecture, Mask

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "front_of", "shrink"]

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

Rows = Sequence[tuple[Architecture, float, float]]
"""Paths, each with its accuracy in per cent and its cost in millions."""


def shrink(tools: Queries, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Evolve a sub-space over ``(M - 1) // (K - 1)`` rounds, for at most M candidates of a decision.

    Every decision draws an order of its candidates; the first ``kept`` (K) make the first sub-space. A round
    looks its paths up; the candidates of those on its front (:func:`front_of`) are inherited, and as many new
    ones come in as K leaves room for. A step leaves what is inherited and what was not tried yet, the last
    one only what is inherited: where a decision inherits K candidates nothing new is tried there.
    """
    space, rng, budget = tools.space, generator(tools.seed, "nse"), Budget(tools)
    kept = settings["kept"]
    pools = [rng.permutation(len(decision.candidates)).tolist() for decision in space.decisions]
    parts = [[pool.pop(0) for _ in range(min(kept, len(pool)))] for pool in pools]
    most = max(len(decision.candidates) for decision in space.decisions)
    for round_ in range(rounds(most, kept)):
        if round_:
            parts = [
                [*part, *(pool.pop(0) for _ in range(min(kept - len(part), len(pool))))]
                for part, pool in zip(parts, pools, strict=True)
            ]
        looked_up = [
            (
                arch,
                budget.accuracy(space.normalise(arch)),
                tools.costs(space.normalise(arch))[settings["cost"]],
            )
            for arch in paths(parts, settings["paths"], rng)
        ]
        front = front_of(looked_up, settings)
        parts = [sorted({arch[d][0] for arch in front}) for d in range(len(space.decisions))]
        yield _mask(tools, parts, pools)
    if any(pools):
        yield _mask(tools, parts, [[] for _ in pools])


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


def _mask(tools: Queries, parts: Sequence[Sequence[int]], pools: Sequence[Sequence[int]]) -> Mask:
    return tuple(
        tuple(candidate in {*part, *pool} for candidate in range(len(decision.candidates)))
        for decision, part, pool in zip(tools.space.decisions, parts, pools, strict=True)
    )
