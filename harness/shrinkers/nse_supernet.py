r"""NSE's evolution of a space by supernets: layers of several branches, and gates that tell which are fit.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021, as its released code describes
it: supernet and gates are :class:`harness.training.Gated`, the rounds those of ``nse``. That code cannot run
to a round's end (its validation fails, and the window of costs is in none of its files), so that there is no
reference to compare with, and all of its figures are ImageNet's.

What it has and this has not: its spaces of 27 and 19 operations, its second space that starts from the front
of the first, latencies, batch normalisations' statistics of 50 batches of the training half (here those of
the batches that are measured), and the training of what was found. What this has and it does not say: the
window, targets other than 300 million multiply-adds, and that a decision always keeps a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.options import Option, Share
from harness.scorers import Work
from harness.searchers import RoundSupernets
from harness.seeding import generator
from harness.shrinkers.nse import COSTS, Parts, evolve, front_of, mask_of, rounds, union
from harness.spaces import Mask, Space

if TYPE_CHECKING:
    from harness.training import Gated

__all__ = ["ASKS", "EVIDENCE", "FAMILIES", "KINDS", "OPTIONS", "shrink", "work"]

EVIDENCE = "rounds"
ASKS = {"training": "gates"}
KINDS = frozenset({"operation"})
FAMILIES = frozenset({"nb201", "nbmacro"})
OPTIONS = {
    "kept": Option(int, 2, "K: candidates of a decision in a round's sub-space"),
    "front": Option(("pareto", "top", "best"), "pareto", "networks whose candidates are inherited"),
    "top": Option(int, 5, "networks of front=top"),
    "cost": Option(COSTS, "flops_millions", "that is weighed against accuracy"),
    "target": Option(
        Share(), 0.5, "cost aimed at: 0 the cheapest, 1 the costliest path of one branch a layer"
    ),
    "window": Option(Share(), 0.2, "how far from it networks may cost, on the same scale"),
    "paths": Option(int, 50, "networks that a round draws from its gates and measures"),
}

TRIES = 20
"""Draws for every network that is wanted."""


def shrink(tools: RoundSupernets, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Evolve a sub-space over ``(M - 1) // (K - 1)`` rounds, for at most M candidates of a decision.

    A round trains a fresh supernet of its sub-space. In the end ``paths`` different networks within the
    ``window`` of costs are drawn from the gates, and a twentieth as many that are cheaper than that, by no
    more than a thirtieth of the target; where none is within, the nearest of all that were drawn. They are
    measured on the validation half, and so is the last round's front, with its new weights. The front
    (:func:`harness.shrinkers.nse.front_of`) is that of all, without the cheaper ones, which only keep others
    off it; where it is made of them alone, it is that of the others. Its candidates are inherited, and as
    many new ones come in as K leaves room for. Of a decision without any branch on the front the candidate
    with the highest gate is inherited, since a space of single candidates leaves no decision empty.
    """
    evolution = _Evolution(tools, settings)
    yield from evolve(tools.space, settings["kept"], evolution.rng, evolution.inherited)


class _Evolution:
    """What goes on from round to round."""

    def __init__(self, tools: RoundSupernets, settings: Mapping[str, Any]) -> None:
        space = tools.space
        self.rng = generator(tools.seed, "nse")
        self._tools, self._settings, self._space = tools, settings, space
        self._costs = tools.candidate_costs(settings["cost"])
        first = tuple((0,) for _ in space.decisions)
        self._fixed = tools.costs(first)[settings["cost"]] - sum(row[0] for row in self._costs)
        low, high = (self._fixed + sum(map(end, self._costs)) for end in (min, max))
        self._target = low + settings["target"] * (high - low)
        self._window = settings["window"] * (high - low)
        self._parts: Parts = [[] for _ in space.decisions]
        self._front: list[Mask] = []

    def inherited(self, parts: Parts, number: int) -> Parts:
        """The candidates that round ``number``, of the sub-space ``parts``, keeps."""
        from harness.training import Round  # loads torch

        space = self._space
        old = mask_of(space, self._parts)
        trained = self._tools.train(
            Round(number, mask_of(space, parts), old, self._costs, self._fixed, self._target)
        )
        networks = dict.fromkeys([*self._drawn(trained), *self._front])
        rows = [
            (space.arch_of(network), trained.accuracy(network), trained.round.cost(network))
            for network in networks
        ]
        wanted = [row for row in rows if row[2] >= self._target - self._window] or rows
        names = {arch for arch, *_ in wanted}
        front = [arch for arch in front_of(rows, self._settings) if arch in names]
        front = front or front_of(wanted, self._settings)
        self._front = [space.mask_of(arch) for arch in front]
        self._parts = [
            part or [_highest(gate, own)]
            for part, gate, own in zip(union(front), trained.gates(), parts, strict=True)
        ]
        return self._parts

    def _drawn(self, trained: Gated) -> list[Mask]:
        """Networks within the window and a few below it, or the nearest to it."""
        gates, count = trained.gates(), self._settings["paths"]
        within: list[Mask] = []
        below: list[Mask] = []
        others: dict[Mask, float] = {}
        for _ in range(TRIES * count):
            if len(within) == count and len(below) == extra(count):
                break
            network = trained.drawn(gates, self.rng)
            away = trained.round.cost(network) - self._target
            if network in others:
                continue
            others[network] = abs(away)
            if abs(away) <= self._window and len(within) < count:
                within.append(network)
            elif -self._window - self._target / 30 < away < -self._window and len(below) < extra(count):
                below.append(network)
        return within + below if within else sorted(others, key=others.__getitem__)[:count]


def extra(paths: int) -> int:
    """How many networks below the window are measured beside ``paths``: 100 beside 2,000."""
    return -(-paths // 20)


def _highest(gates: np.ndarray, part: list[int]) -> int:
    return max(part, key=lambda candidate: gates[candidate])


def work(space: Space, settings: Mapping[str, Any]) -> Work:
    """The networks of every round, and as many supernets as there are rounds."""
    count = rounds(max(len(decision.candidates) for decision in space.decisions), settings["kept"])
    return Work(count * (settings["paths"] + extra(settings["paths"])), 0, count)
