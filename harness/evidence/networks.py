"""A proxy of stand-alone networks, in any space, within limits on what they cost; no truth is read.

All networks of a run are scored on one batch, which is that of ``arch_correlation``: a network has the same
score in both. A population proxy ranks what its parts say of all networks that the search has scored.

Scores are kept while a run goes on, a few networks to a file (:mod:`harness.sharing.shards`), so that one
that was killed asks for them again and finds them. ``workers`` processes share what is asked for at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness import aggregations
from harness.evidence._evidence import Evidence, Facts
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.scorers import Score
from harness.searchers import Networks
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
        self._run: Run | None = None
        self._joined: list[Rows] = []

    def drawn_from(self) -> Population:
        """Of a partial benchmark not only what is known."""
        table, space = self.bounded.table, self.context.space
        return table.population if table.complete else Population(space, space.listing())

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
        """Network sizes, batch, counting, and what a population proxy ranks."""
        setup = self.context
        return {
            **super().settings(),
            **setup.measured_settings,
            "proxy": self.proxy,
            **setup.counted(*self.parts),
            **({"of": list(self.parts)} if len(self.parts) > 1 else {}),
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

        return Networks(**self.shared(progress), measure=measure, combine=self._combine)

    def costs(self, arch: Architecture) -> dict[str, float]:
        """Parameters and multiply-adds in millions of the network that is trained, and what was limited."""
        return self.bounded.costs(arch)

    def facts(self) -> Facts:
        """How many networks were scored, how many passed over, and where scores were made."""
        found = super().facts()
        origins = [origin for rows in self._joined for origin in rows.origins]
        statistics = {"networks": self.counts["networks"], **found.statistics}
        return replace(found, statistics=statistics, origins={"score": origins})

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


def _score(rows: Rows, place: int) -> Score:
    return Score(rows.score[place], rows.status[place], rows.reason[place])


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[OneProxyOfNetworks]:
    """A record for every proxy that the config names."""
    return [OneProxyOfNetworks(setup, method, options, proxy) for proxy in setup.config.proxy["names"]]
