r"""Operation scores by several supernets at once, and size where these cannot tell candidates apart.

A search of this project's own. What varies most between Zero-Cost-PT's proposals are the supernet's initial
weights and the order of decisions (``task=variance``). So scores of M independently initialised supernets,
by removal and by completion, are averaged, and all decisions of a kind are made at once, from the same
supernets: there is no order, and no validation. Candidates whose scores do not differ by more than their
standard error allows, such as convolutions of 1x1 and 3x3 in NAS-Bench-201, are left to the number of
parameters, which tells more of accuracy there than a difference whose sign the next supernet turns round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import RunFailed
from harness.options import Option
from harness.scorers import Evaluate, Score, averaged, best_completion, undecided, zero_cost_pt
from harness.searchers import _orders
from harness.searchers._sizes import candidate_sizes
from harness.searchers._tools import Found, Proxy, ScoreSupernet, decided
from harness.seeding import generator
from harness.spaces import Mask, only

EVIDENCE = "proxy"
KINDS = _orders.KINDS
SUPERNETS = 3
LIMITS = False
OPTIONS = {
    "by": Option(("removal", "completion", "both"), "both", "scores of zero_cost_pt, of best_completion"),
    "errors": Option(float, 2.0, "standard errors within which candidates are equally good"),
    "draws": Option(int, 32, "architectures that sizes are the means over"),
}

Scores = Sequence[Mapping[int, Score]]
"""Of one decision, by supernet the scores of its candidates."""


def search(tools: Proxy, settings: Mapping[str, Any]) -> Found:
    r"""Make all decisions of a kind at once, operations first, then inputs of what these leave.

    With ``s_m`` the scores of a decision's candidates by supernet ``m`` of ``M``, all on one batch of its own
    and brought to one scale (``scale``), the best candidate has the highest mean. They are those of
    :mod:`~harness.scorers.zero_cost_pt` (``by=removal``), of :mod:`~harness.scorers.best_completion`
    (``completion``), or the mean of both, each brought to this scale first. Of those that are not behind it
    by more than ``errors`` times the standard error of the mean difference
    (:func:`harness.scorers.undecided`) the one is taken that makes the largest networks, the one of the
    higher mean of equally large ones. A decision that picks several candidates takes those of the highest
    means, since there size says nothing.

    Raises
    ------
    RunFailed
        Where fewer candidates of a decision have a score of all supernets than it picks.
    """
    space, mask = tools.space, tools.population.mask
    supernets = (tools.score_supernet, *tools.others)
    trace: list[dict[str, object]] = []
    for step, kind in enumerate(KINDS):
        unmade = [
            number
            for number, (spec, row) in enumerate(zip(space.decisions, mask, strict=True))
            if spec.kind == kind and sum(row) > spec.picks
        ]
        if not unmade:
            continue
        found = []
        for number, supernet in enumerate(supernets):
            tools.progress("supernets", number, len(supernets))
            found.append(_opinion(tools, _on(supernet, step), mask, unmade, settings["by"]))
        rng = generator(tools.seed, "consensus", step)
        sizes = candidate_sizes(
            tools, [each for each in unmade if space.decisions[each].picks == 1], settings["draws"], rng
        )
        for decision in unmade:
            scores = [each[decision] for each in found]
            picks = _picked(tools, decision, scores, sizes, settings["errors"])
            trace += decided(space.decisions[decision], averaged(scores, tools.scale), step)
            mask = only(mask, decision, picks)
    return Found(space.normalise(space.arch_of(mask)), trace)


def _opinion(
    tools: Proxy, evaluate: Evaluate, mask: Mask, decisions: Sequence[int], by: str
) -> dict[int, dict[int, Score]]:
    """What one supernet says of the candidates of ``decisions``."""
    removals = zero_cost_pt.preferences(evaluate, mask, decisions)
    if by == "removal":
        return removals
    completions = {each: best_completion.score(evaluate, mask, each, tools.space) for each in decisions}
    if by == "completion":
        return completions
    return {each: averaged([removals[each], completions[each]], tools.scale) for each in decisions}


def _on(supernet: ScoreSupernet, step: int) -> Evaluate:
    return lambda masks: supernet(masks, step)


def _picked(
    tools: Proxy, decision: int, scores: Scores, sizes: Mapping[tuple[int, int], float], errors: float
) -> tuple[int, ...]:
    spec, means = tools.space.decisions[decision], averaged(scores, tools.scale)
    worth = {each: score.value for each, score in means.items() if score.value is not None}
    if len(worth) < spec.picks:
        reasons = "; ".join(sorted({score.reason for score in means.values() if score.value is None}))
        raise RunFailed(
            f"Decision {spec.name} picks {spec.picks} candidates, and {len(worth)} of {len(means)} have a "
            f"score of all supernets: {reasons}."
        )
    if spec.picks > 1:
        return tuple(sorted(sorted(worth, key=lambda each: (-worth[each], each))[: spec.picks]))
    equal = undecided(scores, tools.scale, errors)
    return (max(equal, key=lambda each: (sizes[decision, each], worth[each], -each)),)
