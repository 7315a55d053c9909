"""Random drops: every step drops one candidate of the space, whichever; what chance leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.options import Option
from harness.scorers import ANY
from harness.searchers import Tools
from harness.seeding import generator
from harness.spaces import Mask, without

EVIDENCE = "nothing"
KINDS = ANY

OPTIONS = {"steps": Option(int, 10, "candidates dropped one after another, while there are some to spare")}


def shrink(tools: Tools, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``settings["steps"]`` candidates, each uniformly among those that can be spared.

    A decision spares a candidate while it has more than it picks.
    """
    rng, mask = generator(tools.seed, "random_drop"), tools.space.full_mask
    for _ in range(settings["steps"]):
        spare = [
            (number, candidate)
            for number, (decision, row) in enumerate(zip(tools.space.decisions, mask, strict=True))
            for candidate, alive in enumerate(row)
            if alive and sum(row) > decision.picks
        ]
        if not spare:
            return
        mask = without(mask, *spare[int(rng.integers(len(spare)))])
        yield mask
