"""Children of what is left of a space, by their operations alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from harness.spaces import Architecture, Mask, Space

TRIES = 100
"""Times the children that are still missing, drawn for a candidate before it is left with fewer."""

Rows = Mask
"""What is left of the operation decisions alone, in their order."""


def operations(space: Space) -> list[int]:
    """The decisions that operations are chosen by."""
    return [number for number, decision in enumerate(space.decisions) if decision.kind == "operation"]


def with_rows(mask: Mask, decisions: Sequence[int], rows: Rows) -> Mask:
    """``mask`` with ``rows`` in place of those of ``decisions``; the others stay."""
    replaced = dict(zip(decisions, rows, strict=True))
    return tuple(replaced.get(number, row) for number, row in enumerate(mask))


def picks_of(space: Space, archs: Sequence[Architecture], absent: int) -> np.ndarray:
    """The candidates that architectures pick of operations, (N, D); ``absent`` where it has no effect."""
    decisions = operations(space)
    return np.array(
        [
            [arch[number][0] if active[number] else absent for number in decisions]
            for arch, active in ((arch, space.active(arch)) for arch in archs)
        ]
    ).reshape(len(archs), len(decisions))


def children(
    rows: Rows, most: int, within: Callable[[np.ndarray], bool] | None, rng: np.random.Generator
) -> np.ndarray:
    """The picks of children of ``rows``, (N, D), every child once.

    All there are, in lexicographic order, where these are at most ``most`` times the candidates that are
    left. Otherwise candidate by candidate as many are drawn, uniformly, as it lacks of ``most`` children in
    those drawn so far; after :data:`TRIES` times as many draws it is left with fewer. Of both only those
    ``within``, where that is asked. A decision with one candidate left has no draws of its own.
    """
    left = [np.flatnonzero(row) for row in rows]
    if prod(map(len, left)) <= most * sum(map(len, left)):
        every = np.array(list(itertools.product(*left)))
        return every if within is None else every[[within(picks) for picks in every]].reshape(-1, len(left))
    found: list[np.ndarray] = []
    seen: set[bytes] = set()
    counts = [np.zeros(len(row), dtype=np.int64) for row in rows]
    for decision, candidates in enumerate(left):
        for candidate in candidates if len(candidates) > 1 else ():
            missing = most - int(counts[decision][candidate])
            drawn = _draws(left, decision, int(candidate), TRIES * max(0, missing), rng)
            while counts[decision][candidate] < most and (picks := next(drawn, None)) is not None:
                if (key := picks.tobytes()) in seen or (within is not None and not within(picks)):
                    continue
                seen.add(key)
                found.append(picks)
                for place, pick in enumerate(picks):
                    counts[place][pick] += 1
    return np.array(found, dtype=np.int64).reshape(len(found), len(left))


def _draws(
    left: Sequence[np.ndarray], decision: int, candidate: int, count: int, rng: np.random.Generator
) -> itertools.chain[np.ndarray]:
    """``count`` children that pick ``candidate`` at ``decision`` and anything elsewhere, drawn in blocks."""

    def block(size: int) -> np.ndarray:
        picks = np.stack([rng.choice(each, size) for each in left], axis=1)
        picks[:, decision] = candidate
        return picks

    sizes = [min(1000, count - start) for start in range(0, count, 1000)]
    return itertools.chain.from_iterable(map(block, sizes))
