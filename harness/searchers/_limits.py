"""Limits on what an architecture costs: parameters, multiply-adds, or a label such as latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from types import MappingProxyType

import numpy as np

from harness.errors import ConfigError
from harness.spaces import Architecture, Population

DRAWS = 10_000
"""So many architectures in a row outside of the limits, and nothing more is drawn."""


class Limits:
    """Upper bounds on an architecture's costs; without any, everything is within them.

    Parameters
    ----------
    bounds
        By the limit's name the largest cost that is allowed, in the unit of that limit.
    costs
        By name ``arch -> cost`` in the same unit; NaN where it is not known, which is not within a bound.
    units
        By name the unit, for the words of an error.

    Attributes
    ----------
    outside
        How many architectures were looked at and passed over.
    """

    def __init__(
        self,
        bounds: Mapping[str, float],
        costs: Mapping[str, Callable[[Architecture], float]],
        units: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.bounds, self._costs, self._units = dict(bounds), costs, units
        self.outside = 0
        self._lowest = dict.fromkeys(self.bounds, inf)

    @property
    def words(self) -> str:
        """``flops_millions at most 600``, every bound; empty without any."""
        return " and ".join(f"{name} at most {bound:g}" for name, bound in self.bounds.items())

    def costs(self, arch: Architecture) -> dict[str, float]:
        """What ``arch`` costs, for every bound."""
        return {name: self._costs[name](arch) for name in self.bounds}

    def within(self, arch: Architecture) -> bool:
        """Whether every cost of ``arch`` is known and no larger than its bound; it counts as looked at."""
        costs = self.costs(arch)
        for name, cost in costs.items():
            self._lowest[name] = min(self._lowest[name], cost if cost == cost else inf)
        kept = self._keep(costs)
        self.outside += not kept
        return kept

    def keep(self, arch: Architecture) -> bool:
        """The same of one that was found, which is not counted again."""
        return self._keep(self.costs(arch))

    def _told(self, name: str, cost: float) -> str:
        return f"{cost:.4g} {self._units.get(name, '')}".strip()

    def _keep(self, costs: Mapping[str, float]) -> bool:
        return all(cost <= self.bounds[name] for name, cost in costs.items())

    def those_within(self, archs: Iterable[Architecture], draws: float = inf) -> Iterator[Architecture]:
        """The ``archs`` within the limits; none any more after so many ``draws`` in a row that are not."""
        missed = 0
        for arch in archs:
            missed = 0 if self.within(arch) else missed + 1
            if not missed:
                yield arch
            if missed == draws:
                return

    def drawn(self, population: Population, rng: np.random.Generator) -> Iterator[Architecture]:
        """Those of ``population`` within the limits, in the random order of its ``shuffled``.

        Of a list each is looked at; draws from a space without one end after :data:`DRAWS` in a row outside.
        """
        draws = DRAWS if population.architectures is None else inf
        return self.those_within(population.shuffled(rng), draws)

    def require_some(self, population: Population, rng: np.random.Generator) -> None:
        """Make sure that one architecture of ``population``, drawn by :meth:`drawn`, is within the limits.

        Raises
        ------
        ConfigError
            Otherwise, with the lowest costs met.
        """
        if not self.bounds or next(self.drawn(population, rng), None) is not None:
            return
        asked = ", ".join(f"limits.{name}={bound:g}" for name, bound in self.bounds.items())
        lowest = ", ".join(
            f"{name} {'not known of any' if cost == inf else self._told(name, cost)}"
            for name, cost in self._lowest.items()
        )
        raise ConfigError(
            f"None of {self.outside:,} architectures drawn of {population.space.name} is within {asked}; the "
            f"lowest met have {lowest}: raise the limit, or take another space."
        )
