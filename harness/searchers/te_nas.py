"""TE-NAS's search: from the whole supernet to one architecture by pruning candidates, round by round.

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective", ICLR 2021, algorithm 1. Before the first round candidates called ``none`` are pruned. Then, in
every round, all candidates left of open decisions are ranked together as in ``harness.scorers.te_nas``,
with new weights and batches, and the least important ones of each open decision are pruned, ``prune`` of
them or as many as are too many: those of the lowest rank sums, among equals of the lowest rank by kappa, then
the first. A decision is open until no more candidates are left than it picks; in nb201, where one is pruned
at a time, that takes three rounds.

The authors have decisions that pick several inputs in DARTS's space alone. There they prune 3 operations at a
time (2 for ImageNet), on batches of 14 (24), and once all operations are known, they rank all edges of both
cells once and prune of each node those that are too many: here that is ``searcher.prune=3`` too, with
``searcher.ntk_batch_size=14``. A candidate without a score is not pruned: without it the supernet cannot be
measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from harness.errors import RunFailed
from harness.options import Option
from harness.scorers import te_nas
from harness.scorers._ranks import Pair
from harness.scorers.te_nas import Importance
from harness.searchers._tools import Found, Proxies, columns
from harness.spaces import Decision, Mask, without

EVIDENCE = "proxies"
ASKS = te_nas.ASKS
OPTIONS = {
    **te_nas.OPTIONS,
    "prune": Option(
        int, 1, "candidates pruned per round of an open decision; 3 in the code on DARTS's space"
    ),
}
KINDS = ("operation", "input")


def search(tools: Proxies, settings: Mapping[str, Any]) -> Found:
    """Prune until every decision is made.

    Raises
    ------
    RunFailed
        Where no candidate of an open decision has a score.
    """
    space, mask = tools.space, te_nas.without_none(tools.space, tools.space.full_mask)
    trace: list[dict[str, object]] = []
    rounds = (ceil(_surplus(space.decisions, mask, kind) / settings["prune"]) for kind in KINDS)
    total, done = sum(rounds), 0
    for kind in KINDS:
        while _surplus(space.decisions, mask, kind):
            tools.progress("pruning rounds", done, total)
            found = te_nas.importances(tools.at(done), mask, kind)
            trace += _rows(space.decisions, done, found)
            mask = _pruned(space.decisions, mask, found, settings["prune"])
            done += 1
    return Found(space.normalise(space.arch_of(mask)), trace)


def _surplus(decisions: Sequence[Decision], mask: Mask, kind: str) -> int:
    """How many candidates too many the decision of ``kind`` has that has most."""
    spare = [
        sum(row) - decision.picks
        for decision, row in zip(decisions, mask, strict=True)
        if decision.kind == kind
    ]
    return max(spare, default=0)


def _pruned(decisions: Sequence[Decision], mask: Mask, found: Mapping[Pair, Importance], count: int) -> Mask:
    """``mask`` without the ``count`` least important candidates of every open decision."""
    for index in sorted({index for index, _ in found}):
        own = {candidate: each for (place, candidate), each in found.items() if place == index}
        scored = [candidate for candidate, each in own.items() if each.total.value is not None]
        if not scored:
            reasons = sorted({each.total.reason for each in own.values()})
            raise RunFailed(
                f"Decision {decisions[index].name}: none of its {len(own)} candidates can be ranked: "
                f"{'; '.join(reasons)}."
            )
        scored.sort(key=lambda candidate: (own[candidate].total.value, own[candidate].kappa_rank))
        for candidate in scored[: min(count, sum(mask[index]) - decisions[index].picks)]:
            mask = without(mask, index, candidate)
    return mask


def _rows(
    decisions: Sequence[Decision], step: int, found: Mapping[Pair, Importance]
) -> list[dict[str, object]]:
    """For every ranked candidate its rank sum and the two changes it comes from."""
    return [
        {
            "stage": stage,
            "step": step,
            "decision": decisions[index].name,
            "candidate": decisions[index].candidates[candidate],
            **columns(score),
        }
        for (index, candidate), each in found.items()
        for stage, score in (("pruning", each.total), ("ntk", each.kappa), ("linear_regions", each.regions))
    ]
