"""Networks fitted to a degraded image, each once, by their fitness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from harness.errors import RunFailed
from harness.options import Option, Share
from harness.scorers import Score
from harness.searchers._tools import Fits, Found, columns
from harness.seeding import generator
from harness.spaces import Architecture

OPTIONS: Mapping[str, Option] = {
    "fitness": Option(
        ("held_out", "degraded"), "held_out", "PSNR on known pixels hidden from a fit, or on those it reads"
    ),
    "held_out": Option(Share(), 0.1, "share of the known pixels that are hidden, with fitness=held_out"),
}
"""Settings of every search by fits."""


class Fitted:
    """The networks that a search has fitted, and the trace; ``tools`` are the functions of the search."""

    def __init__(self, tools: Fits) -> None:
        self._tools = tools
        self._archs: list[Architecture] = []
        self._scores: list[Score] = []
        self._generations: list[int] = []
        self._places: dict[str, int] = {}

    def first(self, count: int) -> tuple[Architecture, ...]:
        """``count`` distinct networks, drawn uniformly; the same first ones for every search of a seed."""
        return self._tools.population.sample_distinct(count, generator(self._tools.seed, "fits"))

    def knows(self, arch: Architecture) -> bool:
        """Whether ``arch``'s network was fitted."""
        return self._tools.space.canonical(arch) in self._places

    def add(self, archs: Sequence[Architecture], generation: int) -> None:
        """Fit ``archs``, none of which is known, all at once."""
        for place, arch in enumerate(archs, len(self._archs)):
            self._places[self._tools.space.canonical(arch)] = place
        self._scores += self._tools.fitness(archs)
        self._archs += archs
        self._generations += [generation] * len(archs)

    def fitness(self, arch: Architecture) -> float:
        """In dB; minus infinity where the fit came to nothing."""
        value = self._scores[self._places[self._tools.space.canonical(arch)]].value
        return -inf if value is None else value

    def found(self) -> Found:
        """The fittest network, the first of equals, and a trace row of the stage ``fit`` for each.

        Raises
        ------
        RunFailed
            Where no fit came to anything.
        """
        best = max(self._archs, key=self.fitness)
        if self.fitness(best) == -inf:
            raise RunFailed(f"None of {len(self._archs)} fits came to anything: {self._scores[0].reason}.")
        names = map(self._tools.space.format, self._archs)
        rows = zip(names, self._generations, self._scores, strict=True)
        return Found(
            best,
            [
                {"stage": "fit", "index": index, "step": step, "arch": arch, **columns(score)}
                for index, (arch, step, score) in enumerate(rows)
            ],
        )
