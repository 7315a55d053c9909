"""What a searcher is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.scorers import ProxyScores, Score
from harness.spaces import Architecture, Decision, Mask, Population, Space

if TYPE_CHECKING:
    from harness.training import Trained


@dataclass(frozen=True)
class Bench:
    """The functions a searcher may call; its runner counts their calls.

    Attributes
    ----------
    space
        The search space.
    population
        What can be drawn of it.
    seed
        The seed of the searcher's own draws.
    score_supernet
        ``(masks, step) -> [Score, ...]``: the proxy of the supernet that each mask leaves, on proposal
        batch number ``step``. The supernet's weights are the same for every call.
    score_network
        ``(arch, step) -> Score``: the proxy of the stand-alone network, on validation batch ``step``.
    query
        ``arch -> accuracy in per cent``, one query of the truth; NaN where it is not known. Of a label whose
        direction is down it is negated: higher is better.
    parameters
        ``arch -> number of parameters`` of the stand-alone network.
    progress
        ``(words, done, total)``, called as the search goes on.
    score_proxies
        ``step -> ProxyScores``: what a searcher with ``READS = "proxies"`` compares supernets by; weights and
        batches are drawn anew for each step.
    trained
        The trained supernet of a searcher with ``READS = "trained"``.
    """

    space: Space
    population: Population
    seed: int
    score_supernet: Callable[[Sequence[Mask], int], list[Score]]
    score_network: Callable[[Architecture, int], Score]
    query: Callable[[Architecture], float]
    parameters: Callable[[Architecture], int]
    progress: Callable[[str, int, int], None] = lambda words, done, total: None
    score_proxies: Callable[[int], ProxyScores] | None = None
    trained: Trained | None = None


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
