"""The limits of a run, with what its architectures cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import benchmarks
from harness.benchmarks import COUNTS, Benchmark, Dataset
from harness.errors import ConfigError
from harness.searchers import Limits
from harness.seeding import generator
from harness.spaces import Architecture, Population

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

Cost = Callable[[Architecture], float]

TOO_MANY = 100
"""So many times the largest figure of a label: a limit that is larger was given in another unit."""


class Bounded:
    """What a run limits, and how that is known: counts by formula, labels by the space's table.

    The table is the space's own, also where the truth of the run is measured here.

    Attributes
    ----------
    bounds
        By the limit's name the largest cost that is allowed, in the limit's unit.
    limits
        The same for a searcher, which count what is passed over.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.bounds = {name: float(bound) for name, bound in sorted(context.config.limits.items())}
        self.limits = self._new_limits()

    @cached_property
    def table(self) -> Benchmark:
        """What is known of the space."""
        return benchmarks.load(self._context.space.name)

    @property
    def settings(self) -> dict[str, Any]:
        """The limits, with the digest of the figures of those that are labels: settings of a run."""
        labels = {name: {"digest": self.table.digest(name)} for name in self.bounds if name not in COUNTS}
        return {
            **({"limits": self.bounds} if self.bounds else {}),
            **({"limits_truth": labels} if labels else {}),
        }

    def require_some(self, population: Population) -> None:
        """Make sure that ``population`` has an architecture within the limits, and that units fit.

        Raises
        ------
        ConfigError
            Otherwise, and for a limit of more than :data:`TOO_MANY` times what any architecture costs.
        """
        for name, bound in self.bounds.items():
            if name not in COUNTS:
                largest = float(np.fmax.reduce(self.table.values(self.table.keys, name)))
                if bound > TOO_MANY * largest:
                    unit = self.table.label(name).unit
                    raise ConfigError(
                        f"limits.{name} is in {unit}, and no architecture of {population.space.name} has "
                        f"more than {largest:.4g}; received {bound:g}, which looks like another unit: give "
                        f"it in {unit}."
                    )
        rng = generator(self._context.config.seed, "limits")
        self._new_limits().require_some(population, rng)

    def costs(self, arch: Architecture) -> dict[str, float]:
        """Parameters and multiply-adds in millions of the network that is trained, and what is limited."""
        costs = self._costs(*COUNTS, *self.bounds)
        return {name: cost(arch) for name, cost in costs.items()}

    def mask(self, benchmark: Benchmark) -> np.ndarray:
        """Which of the benchmark's architectures are within the limits, in their order."""
        within = np.ones(len(benchmark.keys), dtype=bool)
        for name, bound in self.bounds.items():
            if name in COUNTS:
                (cost,) = self._costs(name).values()
                members = benchmark.population.listed("A limit on what is listed")
                figures = np.fromiter(map(cost, members), np.float64, len(members))
            else:
                figures = self.table.values(benchmark.keys, name)
            within &= figures <= bound  # one that is not known is not within
        return within

    def _new_limits(self) -> Limits:
        units = {name: COUNTS.get(name) or self.table.label(name).unit for name in self.bounds}
        return Limits(self.bounds, self._costs(*self.bounds), units)

    def _costs(self, *names: str) -> dict[str, Cost]:
        return {name: self._counted(name) if name in COUNTS else self._looked_up(name) for name in names}

    def _looked_up(self, label: str) -> Cost:
        return lambda arch: float(self.table.values([arch], label)[0])

    def candidate_costs(self, name: str) -> tuple[tuple[float, ...], ...]:
        """By decision what each candidate adds to the cost ``name``, parameters or multiply-adds in millions.

        Raises
        ------
        ConfigError
            For a space whose candidates' costs are not known to add up.
        """
        from harness import networks  # loads torch

        rows = networks.candidate_costs(self._context.space, self._trained_on.image_size)
        return tuple(tuple(cost / 1e6 for cost in row) for row in rows[tuple(COUNTS).index(name)])

    @property
    def _trained_on(self) -> Dataset:
        label = self._context.label.name
        return self.table.dataset(label if label in self.table.labels else self.table.default_label.name)

    def _counted(self, name: str) -> Cost:
        from harness import networks  # loads torch

        space, place, known = self._context.space, tuple(COUNTS).index(name), self._trained_on
        return lambda arch: networks.trained_cost(space, arch, known.classes, known.image_size)[place] / 1e6
