"""The orders in which a proposal's decisions are made.

Those of Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023. An
order makes all operation decisions and then, in the same way, all input decisions: inputs can only be
judged when it is known which operations they feed. This holds for the global orders too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from statistics import fmean

from harness.scorers import Score
from harness.searchers._proposal import Proposal, Scores

KINDS = ("operation", "input")

Worth = Callable[[list[float]], float]
"""What a decision is ranked by, given its candidates' scores."""


def decide_all(proposal: Proposal, order: str) -> None:
    """Make every decision of ``proposal`` in ``order``, a name of :data:`ORDERS`.

    Raises
    ------
    HarnessError
        Where fewer candidates of a decision have a score than it picks.
    """
    for kind in KINDS:
        decisions = proposal.decisions(kind)
        if decisions:
            ORDERS[order](proposal, decisions)


def _in_turn(proposal: Proposal, decisions: list[int]) -> None:
    for decision in decisions:
        proposal.decide(decision)


def _random(proposal: Proposal, decisions: list[int]) -> None:
    _in_turn(proposal, proposal.shuffled(decisions))


def _reverse(proposal: Proposal, decisions: list[int]) -> None:
    _in_turn(proposal, decisions[::-1])


def _global_op_iter(proposal: Proposal, decisions: list[int]) -> None:
    undecided = list(decisions)
    while undecided:
        scores = proposal.scores(undecided)
        first = _ranked(scores, max)[0]
        undecided.remove(first)
        proposal.note({decision: scores[decision] for decision in undecided})
        proposal.take(first, scores[first])


def _global_op_once(proposal: Proposal, decisions: list[int]) -> None:
    _in_turn(proposal, _ranking(proposal, decisions, max))


def _global_edge_iter(proposal: Proposal, decisions: list[int]) -> None:
    undecided = list(decisions)
    while undecided:
        first = _ranking(proposal, undecided, fmean)[0]
        undecided.remove(first)
        proposal.decide(first)


def _global_edge_once(proposal: Proposal, decisions: list[int]) -> None:
    _in_turn(proposal, _ranking(proposal, decisions, fmean))


ORDERS: dict[str, Callable[[Proposal, list[int]], None]] = {
    "random": _random,
    "fixed": _in_turn,
    "reverse": _reverse,
    "global_op_iter": _global_op_iter,
    "global_op_once": _global_op_once,
    "global_edge_iter": _global_edge_iter,
    "global_edge_once": _global_edge_once,
}
"""Orders by name; where nothing else is said a decision is made from scores on a fresh batch.

``random``: drawn for every proposal.
``fixed``, ``reverse``: from the first decision to the last, from the last to the first.
``global_op_iter``: all open decisions are scored on one batch; the one with the best candidate of all is
made, from these very scores; then the others are scored again.
``global_op_once``: all are scored once, on one batch, and made in the order of their best candidates.
``global_edge_iter``, ``global_edge_once``: the same with the mean of a decision's candidates in place of the
best one; here ``iter`` too makes the decision from scores on one more batch.

Scores are drops, but for what all candidates of a batch share: the best candidate is the one whose removal
hurts most, and the largest mean drop the lowest mean of what the removals leave. Candidates without a
score do not count; a decision without any scored candidate ranks last. The lower index wins a tie.
"""


def _ranking(proposal: Proposal, decisions: list[int], worth: Worth) -> list[int]:
    """``decisions`` by falling worth on a fresh batch, whose scores serve no other end."""
    scores = proposal.scores(decisions)
    proposal.note(scores)
    return _ranked(scores, worth)


def _ranked(scores: Scores, worth: Worth) -> list[int]:
    return sorted(scores, key=lambda decision: (-_worth(scores[decision], worth), decision))


def _worth(scores: Mapping[int, Score], worth: Worth) -> float:
    known = [score.value for score in scores.values() if score.value is not None]
    return worth(known) if known else -inf
