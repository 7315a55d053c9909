"""Search in two stages: N proposals by an operation scorer, then validation of the distinct ones.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import RunFailed
from harness.options import Option
from harness.scorers import Score
from harness.searchers._orders import ORDERS, decide_all
from harness.searchers._proposal import Proposal, ScoreDecision
from harness.searchers._released import released_architecture
from harness.searchers._tools import Found, Proxy, columns
from harness.spaces import Architecture

OPTIONS = {
    "proposals": Option(int, 10, "N of the paper"),
    "validation_batches": Option(int, 100, "V of the paper"),
    "order": Option(ORDERS, "random", "in which the decisions of a proposal are made"),
}


def search(tools: Proxy, score: ScoreDecision, settings: Mapping[str, Any], variant: str = "paper") -> Found:
    """The proposal that validates best.

    All proposals start from the same untrained supernet; no batch is used by two of them. Proposals of the
    same isomorphism class count as one, under the number of the first. Every distinct one is scored as a
    stand-alone network on the same batches, and the largest sum wins; one with a failed score
    loses. With one distinct proposal nothing is left to validate.

    Limits change no proposal, since an operation's score says nothing of what the network will cost: they are
    those of the validation, which proposals outside of them do not enter.

    Parameters
    ----------
    tools
        The functions the search may call.
    score
        An operation scorer's.
    settings
        ``proposals`` (N), ``validation_batches`` (V) and ``order``.
    variant
        A name of :data:`harness.searchers.VARIANTS`.

    Raises
    ------
    ConfigError
        For ``as_released`` in a space without released code, or in an order in which that fails.
    RunFailed
        Where a decision cannot be made, or no proposal be validated, for want of scores; where none is within
        the limits.
    """
    trace: list[dict[str, object]] = []
    distinct: dict[str, tuple[int, Architecture]] = {}
    batches = 0
    for index in range(settings["proposals"]):
        proposal = Proposal(tools, score, index, settings["proposals"], batches)
        arch = _architecture(tools, proposal, settings["order"], variant)
        batches += proposal.batches
        distinct.setdefault(tools.space.canonical(arch), (index, arch))
        trace += [*proposal.trace, {"stage": "proposal", "index": index, "arch": tools.space.format(arch)}]
    accepted = [each for each in distinct.values() if tools.limits.within(each[1])]
    if not accepted:
        raise RunFailed(
            f"None of the {len(distinct)} distinct proposals is within {tools.limits.words}: raise the "
            "limit, or searcher.proposals."
        )
    return Found(_validated(tools, accepted, settings["validation_batches"], trace), trace)


def _architecture(tools: Proxy, proposal: Proposal, order: str, variant: str) -> Architecture:
    """Make all decisions of ``proposal`` and write them down."""
    space = tools.space
    if variant == "paper":
        decide_all(proposal, order)
        return space.normalise(space.arch_of(proposal.mask))
    return released_architecture(space, proposal, order)


def _validated(
    tools: Proxy, proposals: list[tuple[int, Architecture]], batches: int, trace: list[dict[str, object]]
) -> Architecture:
    if len(proposals) == 1:
        return proposals[0][1]
    totals: dict[Architecture, float] = {}
    for position, (index, arch) in enumerate(proposals):
        row = {"index": index, "arch": tools.space.format(arch)}
        scores = []
        for step in range(batches):
            tools.progress("validation", position * batches + step, len(proposals) * batches)
            scores.append(tools.score_network(arch, step))
            trace.append({"stage": "validation", **row, "step": step, **columns(scores[-1])})
        total = _total(scores)
        trace.append({"stage": "total", **row, **columns(total)})
        if total.value is not None:
            totals[arch] = total.value
    if not totals:
        raise RunFailed(f"None of the {len(proposals)} proposals could be validated: {trace[-1]['reason']}.")
    return max(totals, key=totals.__getitem__)


def _total(scores: list[Score]) -> Score:
    """The sum, or the first failure."""
    failed = next((score for score in scores if score.value is None), None)
    return (
        Score(sum(score.value for score in scores if score.value is not None)) if failed is None else failed
    )
