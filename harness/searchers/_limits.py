"""Limits on what an architecture costs: parameters, multiply-adds, or a label such as latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf

from harness.errors import ConfigError
from harness.spaces import Architecture, Space

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

    Attributes
    ----------
    outside
        How many architectures were looked at and passed over.
    """

    def __init__(
        self, bounds: Mapping[str, float], costs: Mapping[str, Callable[[Architecture], float]]
    ) -> None:
        self.bounds, self._costs = dict(bounds), costs
        self.outside = 0
        self._lowest = dict.fromkeys(self.bounds, inf)

    def costs(self, arch: Architecture) -> dict[str, float]:
        """What ``arch`` costs, for every bound."""
        return {name: self._costs[name](arch) for name in self.bounds}

    def within(self, arch: Architecture) -> bool:
        """Whether every cost of ``arch`` is known and no larger than its bound."""
        costs = self.costs(arch)
        for name, cost in costs.items():
            self._lowest[name] = min(self._lowest[name], cost if cost == cost else inf)
        kept = all(cost <= self.bounds[name] for name, cost in costs.items())
        self.outside += not kept
        return kept

    def those_within(self, archs: Iterable[Architecture]) -> Iterator[Architecture]:
        """The ``archs`` within the limits; none any more after :data:`DRAWS` in a row that are not."""
        missed = 0
        for arch in archs:
            missed = 0 if self.within(arch) else missed + 1
            if not missed:
                yield arch
            if missed == DRAWS:
                return

    def require_some(self, space: Space, archs: Iterable[Architecture]) -> None:
        """Make sure that one of ``archs``, of which :data:`DRAWS` are looked at, is within the limits.

        Raises
        ------
        ConfigError
            Otherwise, with the lowest costs met.
        """
        if not self.bounds or next(self.those_within(archs), None) is not None:
            return
        asked = ", ".join(f"limits.{name}={bound:g}" for name, bound in self.bounds.items())
        lowest = ", ".join(
            f"{name} {'not known of any' if cost == inf else format(cost, '.4g')}"
            for name, cost in self._lowest.items()
        )
        raise ConfigError(
            f"None of {self.outside:,} architectures drawn of {space.name} is within {asked}; the lowest met "
            f"have {lowest}: raise the limit, or take another space."
        )
