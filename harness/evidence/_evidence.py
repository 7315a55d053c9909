"""The shape of every kind of evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import RunFailed
from harness.evidence._bounded import Bounded
from harness.evidence._method import Method
from harness.options import Option
from harness.runs.config import Estimate, Progress
from harness.scorers import Score, Work, best_candidates
from harness.searchers import Tools
from harness.spaces import Architecture, Mask, Population

if TYPE_CHECKING:  # they load pandas, and a config is checked without it
    from harness.records import Run
    from harness.runs.context import Context
    from harness.runs.origins import Origin


PAID: Mapping[str, str] = {"scores": "evaluations", "queries": "queries", "epochs": "epochs"}
"""What a method pays with, and how it is counted."""


@dataclass(frozen=True)
class Facts:
    """What a record says of evidence that was read.

    ``statistics`` and ``origins`` are the record's; ``evaluations`` counts what was measured on networks and
    supernets, ``queries`` the accuracies that were looked up.
    """

    statistics: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict)
    evaluations: int = 0
    queries: int = 0


class Evidence(ABC):
    """What one run of a method reads.

    Parameters
    ----------
    context
        The run's space, truth and records; of what is measured, its :class:`~harness.runs.setup.Setup`.
    method
        What reads it.
    options
        The method's settings.

    Attributes
    ----------
    name
        Of the method, in its record.
    run
        The record's, once it is known (:meth:`keep`).
    population
        What the method may draw; narrower where a search is held to a smaller space.
    seen
        The architecture of the highest figure that was looked up, the first of equals; ``None`` where nothing
        was, or nothing is known of all that was.
    bounded
        The run's limits.
    taken
        Names of options that are of the evidence alone; the others are handed to the scorer.
    """

    taken: Sequence[str] = ()

    def __init__(self, context: Context, method: Method, options: Mapping[str, Any]) -> None:
        self.context, self.method, self.options = context, method, options
        self.name = method.name
        self.seen: Architecture | None = None
        self.counts: Counter[str] = Counter()
        self.bounded = Bounded(context)
        self.population = self.drawn_from()
        if self.bounded.bounds:
            self.bounded.require_some(self.population)

    def settings(self) -> dict[str, Any]:
        """What can change the numbers, for the run's identity."""
        stated: Mapping[str, Option] = getattr(self.method.module, "OPTIONS", {})
        unset = {
            name for name, each in stated.items() if each.later and self.options.get(name) == each.default
        }
        told = {name: value for name, value in self.options.items() if name not in unset}
        return {**told, **self.bounded.settings}

    def estimate(self, work: Work) -> Estimate | None:
        """How long it takes to make the evidence and read ``work`` of it, where that can be known."""
        return None

    def keep(self, run: Run) -> None:
        """From now on keep what is measured in the folder of ``run``, which is under way.

        A run that was killed then goes on with it. Where nothing is kept, it starts afresh.
        """
        self.run = run

    @abstractmethod
    def open(self, progress: Progress) -> Tools:
        """What a search is handed, and of which a scorer is handed what it reads at a step."""

    def facts(self) -> Facts:
        """What the record says, once the evidence was read."""
        outside = {"outside_limits": self.bounded.limits.outside} if self.bounded.bounds else {}
        return Facts(outside, evaluations=self.counts["evaluations"], queries=self.counts["queries"])

    def drawn_from(self) -> Population:
        """What the method may draw, where a search is not held to a smaller space."""
        return self.context.benchmark.population

    def spent(self) -> dict[str, int]:
        """What was paid so far: ``scores`` measured, ``queries`` of figures, ``epochs`` of a supernet."""
        return {name: self.counts[each] for name, each in PAID.items()}

    def annotated(self, trace: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """The rows of a search that is over, with what is known of them and the search was not told."""
        return trace

    def costs(self, arch: Architecture) -> dict[str, Any]:
        """What else the record says of what was found: its costs, where there are limits or no accuracy."""
        told = self.bounded.bounds or not self.context.label.known
        return self.bounded.costs(arch) if told else {}

    @property
    def steps(self) -> int:
        """For how many steps there are operation scores: as many as there are decisions."""
        return len(self.context.space.decisions)

    def score(self, tools: Tools, mask: Mask | None, decision: int, step: int) -> Mapping[int, Score]:
        """Scores of the candidates that ``mask`` leaves at ``decision``, by the method's scorer."""
        own = {name: value for name, value in self.options.items() if name not in self.taken}
        if self.method.asks.get("space"):
            own["space"] = self.context.space
        return tools.operation_scores(self.method.module.score, mask, decision, step, **own)

    def pick(self, decision: int, step: int, scores: Mapping[int, Score]) -> tuple[int, ...]:
        """The candidates that ``decision`` is left with; an error names it."""
        return best(self.context, decision, scores)

    def advance(self, tools: Tools, mask: Mask | None, step: int) -> None:
        """Tell the scorer what the decisions before ``step`` have left, where it wants to know."""
        if hasattr(self.method.module, "advance"):
            self.method.module.advance(tools.at(step), mask)

    def shared(self, progress: Progress) -> dict[str, Any]:
        """What all tools hold."""
        return {
            "population": self.population,
            "costs": self.bounded.costs,
            "limits": self.bounded.limits,
            "seed": self.context.config.seed,
            "parameters": self._parameters,
            "progress": progress,
        }

    def _parameters(self, arch: Architecture) -> int:
        from harness import networks  # loads torch

        return networks.parameter_count(self.context.space, arch)


def best(context: Context, decision: int, scores: Mapping[int, Score]) -> tuple[int, ...]:
    """The best-scored candidates of ``decision``; an error names it."""
    spec = context.space.decisions[decision]
    try:
        return best_candidates(scores, spec.picks)
    except RunFailed as error:
        raise RunFailed(f"Decision {spec.name}: {error}") from error
