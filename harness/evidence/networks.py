"""A proxy of stand-alone networks, in any space, within limits on what they cost; no truth is read.

All networks of a run are scored on one batch, which is that of ``arch_correlation``: a network has the same
score in both. A population proxy ranks what its parts say of all networks that the search has scored.

Scores are kept while a run goes on, a few networks to a file (:mod:`harness.sharing.shards`), so that one
that was killed asks for them again and finds them. ``workers`` processes share what is asked for at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness import aggregations, benchmarks
from harness.evidence._evidence import Evidence, Facts
from harness.evidence._limits import COUNTS
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.scorers import Score
from harness.searchers import Limits, Networks
from harness.seeding import generator
from harness.spaces import Architecture, Population

if TYPE_CHECKING:
    from harness.records import Run
    from harness.runs.setup import Setup
    from harness.sharing.shards import Rows

TRAINABLE = False
LIMITS = True
TAKES_AGGREGATIONS = True


class OneProxyOfNetworks(Evidence):
    """Scores of ``proxy`` of the networks that a search draws."""

    context: Setup

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any], proxy: str) -> None:
        super().__init__(setup, method, options)
        self.proxy, self.name = proxy, f"{method.name}-{proxy}"
        self._bounds = {name: float(bound) for name, bound in sorted(setup.config.limits.items())}
        self._table = benchmarks.load(setup.space.name)  # also where the truth is measured here
        self._limits = self._new_limits()
        self._run: Run | None = None
        self._joined: list[Rows] = []
        self.population = self._table.population
        if not self._table.complete:  # not only what is known can be drawn
            self.population = Population(setup.space, setup.space.listing())
        draws = self.population.shuffled(generator(setup.config.seed, "limits"))
        self._new_limits().require_some(setup.space, draws)

    @property
    def parts(self) -> tuple[str, ...]:
        """The proxies that are measured: those that a population proxy ranks, or the one itself."""
        if self.proxy not in aggregations.names():
            return (self.proxy,)
        any_list = aggregations.load(self.proxy).ABOUT.any_list
        return tuple(
            sorted(aggregations.parts(self.proxy, self.context.config.proxy.get("of") if any_list else None))
        )

    def settings(self) -> dict[str, Any]:
        """Network sizes, batch, counting, and the limits with the figures of those that are labels."""
        setup, bounds = self.context, self._bounds
        labels = {name: {"digest": self._table.digest(name)} for name in bounds if name not in COUNTS}
        return {
            **super().settings(),
            **setup.measured_settings,
            "proxy": self.proxy,
            **setup.counted(*self.parts),
            **({"of": list(self.parts)} if len(self.parts) > 1 else {}),
            **({"limits": bounds} if bounds else {}),
            **({"limits_truth": labels} if labels else {}),
        }

    def keep(self, run: Run) -> None:
        """Scores in shards, which workers share."""
        self._run = run

    def open(self, progress: Progress) -> Networks:
        """Functions that score networks, and say which are within the limits."""
        from harness.evidence._shared_scores import SharedScores  # loads torch

        assert self._run is not None, "the runner says of which record they are"
        shared = SharedScores(self.context, self._run, self.parts, self.options["evaluations"], progress)

        def measure(archs: Sequence[Architecture]) -> list[dict[str, Score]]:
            found = shared.measure(archs)
            self.counts["networks"] += len(archs)
            self.counts["evaluations"] += len(archs) * len(self.parts)
            self._joined += found.values()
            return [
                {part: _score(rows, place) for part, rows in found.items()} for place in range(len(archs))
            ]

        tools = self.shared(progress)
        return Networks(**tools, measure=measure, combine=self._combine, limits=self._limits)

    def costs(self, arch: Architecture) -> dict[str, float]:
        """Parameters and multiply-adds in millions of the network that is trained, and what was limited."""
        costs = self._costs()
        return {name: costs[name](arch) for name in dict.fromkeys([*COUNTS, *self._bounds])}

    def facts(self) -> Facts:
        """How many networks were scored, how many passed over, and where scores were made."""
        statistics: dict[str, Any] = {"networks": self.counts["networks"]}
        if self._bounds:
            statistics["outside_limits"] = self._limits.outside
        origins = [origin for rows in self._joined for origin in rows.origins]
        return Facts(statistics, {"score": origins}, self.counts["evaluations"])

    def _combine(self, measured: Sequence[Mapping[str, Score]]) -> list[Score]:
        if self.parts == (self.proxy,):
            return [each[self.proxy] for each in measured]
        columns = {
            part: {
                name: [getattr(each[part], attribute) for each in measured]
                for name, attribute in (("score", "value"), ("status", "status"), ("reason", "reason"))
            }
            for part in self.parts
        }
        scores, statuses, reasons = aggregations.combine(self.proxy, columns)
        return [
            Score(value if status == "ok" else None, status, reason)
            for value, status, reason in zip(scores.tolist(), statuses, reasons, strict=True)
        ]

    def _new_limits(self) -> Limits:
        return Limits(self._bounds, self._costs())

    def _costs(self) -> dict[str, Callable[[Architecture], float]]:
        from harness import networks  # loads torch

        setup, table = self.context, self._table
        label = setup.label.name
        known = table.dataset(label if label in table.labels else table.default_label.name)
        sizes = known.classes, known.image_size

        def counted(place: int) -> Callable[[Architecture], float]:
            return lambda arch: networks.trained_cost(setup.space, arch, *sizes)[place] / 1e6

        def looked_up(label: str) -> Callable[[Architecture], float]:
            return lambda arch: float(table.values([arch], label)[0])

        costs = {name: looked_up(name) for name in self._bounds if name not in COUNTS}
        return costs | {name: counted(place) for place, name in enumerate(COUNTS)}


def _score(rows: Rows, place: int) -> Score:
    return Score(rows.score[place], rows.status[place], rows.reason[place])


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[OneProxyOfNetworks]:
    """A record for every proxy that the config names."""
    return [OneProxyOfNetworks(setup, method, options, proxy) for proxy in setup.config.proxy["names"]]
