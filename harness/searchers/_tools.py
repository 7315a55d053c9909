"""What a searcher is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.scorers import Evaluate, OperationTruth, ProxyScores, Score, averaged
from harness.searchers._limits import Limits
from harness.spaces import Architecture, Decision, Mask, Population, Space

if TYPE_CHECKING:
    from harness.training import Gated, Round, Trained


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a searcher may use, whatever it reads; a kind of evidence hands out more.

    Attributes
    ----------
    population
        What can be drawn, of :attr:`space`.
    seed
        The seed of the searcher's own draws.
    parameters
        ``arch -> number of parameters`` of the stand-alone network.
    costs
        ``arch -> {name: cost}`` of the network that is trained: ``params_millions`` and ``flops_millions``,
        multiply-adds of one image.
    limits
        What an architecture may cost; a method without a way to keep them is refused where there are any.
    progress
        ``(words, done, total)``, called as the search goes on.
    """

    population: Population
    seed: int
    parameters: Callable[[Architecture], int]
    costs: Callable[[Architecture], Mapping[str, float]] = lambda arch: {}
    limits: Limits = field(default_factory=lambda: Limits({}, {}))
    progress: Callable[[str, int, int], None] = lambda words, done, total: None

    @property
    def space(self) -> Space:
        """The search space."""
        return self.population.space

    def at(self, step: int) -> Any:
        """What an operation scorer reads at ``step``."""
        return None

    def operation_scores(
        self,
        score: Callable[..., dict[int, Score]],
        mask: Mask | None,
        decision: int,
        step: int,
        **options: Any,
    ) -> dict[int, Score]:
        """What the operation scorer ``score`` says at ``step`` of the candidates that ``mask`` leaves."""
        return score(self.at(step), mask, decision, **options)


ScoreSupernet = Callable[[Sequence[Mask], int], list[Score]]
"""``(masks, step) -> [Score, ...]`` of one supernet, on batch number ``step``."""


@dataclass(frozen=True, kw_only=True)
class Proxy(Tools):
    """With ``EVIDENCE = "proxy"``.

    Attributes
    ----------
    score_supernet
        ``(masks, step) -> [Score, ...]``: the proxy of the supernet that each mask leaves, on proposal
        batch number ``step``. The supernet's weights are the same for every call.
    others
        The same of further supernets, each with initial weights and batches of its own.
    scale
        With ``others``, how each supernet's scores of a decision are scaled before they are averaged, a name
        of :data:`harness.scorers.SCALES`.
    score_network
        ``(arch, step) -> Score``: the proxy of the stand-alone network, on validation batch ``step``.
    """

    score_supernet: ScoreSupernet
    score_network: Callable[[Architecture, int], Score]
    others: Sequence[ScoreSupernet] = ()
    scale: str = "z"

    def at(self, step: int) -> Evaluate:
        """The proxy's scores of masks."""
        return lambda masks: self.score_supernet(masks, step)

    def operation_scores(
        self,
        score: Callable[..., dict[int, Score]],
        mask: Mask | None,
        decision: int,
        step: int,
        **options: Any,
    ) -> dict[int, Score]:
        """Of one supernet its scores, of several the mean of theirs."""
        if not self.others:
            return super().operation_scores(score, mask, decision, step, **options)

        def alone(supernet: ScoreSupernet) -> dict[int, Score]:
            return score(lambda masks: supernet(masks, step), mask, decision, **options)

        return averaged([alone(each) for each in (self.score_supernet, *self.others)], self.scale)


@dataclass(frozen=True, kw_only=True)
class Networks(Tools):
    """With ``EVIDENCE = "networks"``.

    Attributes
    ----------
    measure
        ``archs -> [{proxy: Score}, ...]`` of stand-alone networks, in their order; always on one batch.
    combine
        What :attr:`measure` said of all networks so far, to the score of each: that of the one proxy, or what
        a population proxy makes of its parts among them.
    """

    measure: Callable[[Sequence[Architecture]], list[dict[str, Score]]]
    combine: Callable[[Sequence[Mapping[str, Score]]], list[Score]]


@dataclass(frozen=True, kw_only=True)
class Proxies(Tools):
    """With ``EVIDENCE = "proxies"``: ``scores(step)``; a step may have weights and batches of its own."""

    scores: Callable[[int], ProxyScores]

    def at(self, step: int) -> ProxyScores:
        """Scores by proxy and repeat."""
        return self.scores(step)


@dataclass(frozen=True, kw_only=True)
class TrainedSupernet(Tools):
    """With ``EVIDENCE = "trained"``."""

    trained: Trained

    def at(self, step: int) -> Trained:
        """The supernet, the same at every step."""
        return self.trained


@dataclass(frozen=True, kw_only=True)
class RoundSupernets(Tools):
    """With ``EVIDENCE = "rounds"``.

    Attributes
    ----------
    train
        ``round -> supernet``, of fresh weights and trained for that round.
    candidate_costs
        ``name of a cost -> by decision what each candidate adds to it``, in millions.
    """

    train: Callable[[Round], Gated]
    candidate_costs: Callable[[str], tuple[tuple[float, ...], ...]]


@dataclass(frozen=True, kw_only=True)
class Truth(Tools):
    """With ``EVIDENCE = "truth"``: for oracles."""

    truth: OperationTruth

    def at(self, step: int) -> OperationTruth:
        """Accuracy by operation."""
        return self.truth


@dataclass(frozen=True, kw_only=True)
class Queries(Tools):
    """With ``EVIDENCE = "queries"``.

    Attributes
    ----------
    query
        ``arch -> accuracy in per cent``, one query of the truth; NaN where it is not known. Of a label whose
        direction is down it is negated: higher is better.
    """

    query: Callable[[Architecture], float]

    def at(self, step: int) -> Callable[[Architecture], float]:
        """The query function."""
        return self.query


@dataclass(frozen=True, kw_only=True)
class Fits(Tools):
    """With ``EVIDENCE = "fits"``.

    Attributes
    ----------
    fitness
        ``archs -> [Score, ...]`` in their order: how well each restores a degraded image, in dB, judged
        without the true image.
    """

    fitness: Callable[[Sequence[Architecture]], list[Score]]


@dataclass
class Found:
    """The chosen architecture and the trace of every intermediate score.

    Trace rows have the columns stage, index, step, decision, candidate, arch, score, accuracy,
    status and reason; what a stage does not know is left out. Stages:

    ``decision``: operation scores of a trained supernet that decided, after ``step`` other decisions.
    ``ranking``, ``proposal``: operation scores on batch ``step`` of proposal ``index``, which said
    what to decide next, or decided; at the end of a proposal one row ``proposal`` with its ``arch``.
    ``validation``: the score of proposal ``index`` as a network, on validation batch ``step``.
    ``total``: their sum.
    ``query``: an accuracy looked up.
    ``fit``: the fitness of network ``index``, of generation ``step``.
    ``score``: that of network ``index`` by a proxy; of a population proxy also stages with the names of the
    proxies that it ranks.
    ``pruning``: what round ``step`` pruned by; ``ntk`` and ``linear_regions``: the changes that this ranks.
    """

    arch: Architecture
    trace: list[dict[str, object]] = field(default_factory=list)


def decided(spec: Decision, scores: Mapping[int, Score], step: int) -> list[dict[str, object]]:
    """Trace rows of the stage ``decision``."""
    return [
        {
            "stage": "decision",
            "step": step,
            "decision": spec.name,
            "candidate": spec.candidates[candidate],
            **columns(score),
        }
        for candidate, score in scores.items()
    ]


def columns(score: Score) -> dict[str, object]:
    """A score as columns of a trace row."""
    return {"score": score.value, "status": score.status, "reason": score.reason}
