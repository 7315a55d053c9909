"""Architectures grown from small ones, a few decisions at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from harness.spaces._space import Architecture, Space


def by_decisions(
    space: Space, groups: Sequence[Sequence[int]], blank: int, arch: Architecture | None, stage: int
) -> tuple[Architecture, ...]:
    """Every way to make the decisions of ``groups[stage]`` in ``arch``; all that come later stay ``blank``.

    ``blank`` is the candidate of a decision that is not made yet; ``None`` is the architecture of these
    alone.
    """
    base = arch if arch is not None else ((blank,),) * len(space.decisions)
    group = groups[stage]
    found = []
    for options in product(*(space.decisions[decision].options for decision in group)):
        made = dict(zip(group, options, strict=True))
        found.append(tuple(made.get(decision, picks) for decision, picks in enumerate(base)))
    return tuple(found)
