"""How long every proxy takes on a whole space, measured on a few of its networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import fmean

from harness import networks
from harness.runs.config import Estimate, duration
from harness.runs.measured import batches, measured, network
from harness.runs.setup import Setup
from harness.spaces import Architecture

TIMED = 4
"""Networks that are timed: those at 1/8, 3/8, 5/8 and 7/8 of all, ordered by multiply-adds."""


@dataclass(frozen=True)
class WholeSpace:
    """Seconds of the proxies on ``archs``; nothing is measured before one is asked for.

    ``parts`` are by proxy those that a population proxy ranks, none for others.
    """

    setup: Setup
    parts: Mapping[str, Sequence[str]]
    archs: Sequence[Architecture]

    def estimate(self, name: str) -> Estimate:
        """Of the proxy ``name`` with all passes that it reads, shared among the run's workers."""
        each = sum(self._seconds[part] for part in self.parts[name] or (name,))
        workers = self.setup.config.workers
        seconds = each * len(self.archs) / workers
        return seconds, (
            f"about {duration(seconds)} by itself: {len(self.archs):,} networks of {each:.2g} s each, "
            f"the mean of {TIMED} of them, with workers={workers}"
        )

    @cached_property
    def _seconds(self) -> dict[str, float]:
        """By proxy of one network what it takes of one."""
        ordered = sorted(self.archs, key=partial(networks.flop_count, self.setup.space))
        timed = [ordered[(2 * number + 1) * len(ordered) // (2 * TIMED)] for number in range(TIMED)]
        names = sorted({part for name, parts in self.parts.items() for part in parts or (name,)})
        with self.setup.computing:
            asked = batches(self.setup, "batch", 0, names)
            first, *found = [  # the first call of an operation takes longer than all others
                measured(self.setup, partial(network, self.setup, arch), asked, names)
                for arch in (timed[0], *timed)
            ]
        return {name: fmean(each[name].seconds for each in found) for name in first}
