"""The control by size: what makes the smallest networks goes first. Nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.options import Option
from harness.searchers import Tools, candidate_sizes
from harness.seeding import generator
from harness.shrinkers._elimination import KEEP, KINDS
from harness.spaces import Mask, without

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "shrink"]

EVIDENCE = "nothing"
OPTIONS = {"draws": Option(int, 32, "architectures that every candidate is put into"), "keep": KEEP}


def shrink(tools: Tools, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop one candidate after the other, those of the smallest networks first, while ``keep`` are left.

    A candidate's size is the mean number of parameters of ``draws`` architectures, the same for all
    candidates, with the candidate put into each. Of equal sizes the dropped one is drawn.
    """
    space, rng = tools.space, generator(tools.seed, "largest")
    sizes = candidate_sizes(tools, range(len(space.decisions)), settings["draws"], rng)
    pairs, mask = list(sizes), space.full_mask
    for place in sorted(rng.permutation(len(pairs)).tolist(), key=lambda place: sizes[pairs[place]]):
        decision, candidate = pairs[place]
        if sum(mask[decision]) > settings["keep"]:
            mask = without(mask, decision, candidate)
            yield mask
