"""DARTS-PT: decide by what accuracy a trained supernet loses, and tune it after each decision.

Wang et al., "Rethinking Architecture Selection in Differentiable NAS", ICLR 2021, algorithms 1 and 2:
decisions in random order; the operation whose removal costs most accuracy stays, and the supernet is
tuned before the next one. Input decisions come after all operations; of each, the parent whose
removal costs least is dropped until as many are left as it picks.

On DARTS's space a decision of the normal and one of the reduction cell are made before the supernet is tuned,
as in the authors' code (ruocwang/darts-pt, ``sota/cnn/projection.py``): 17 steps. ``none`` may win there too;
nothing runs on that edge then, and where the node takes it all the same, its genotype has the edge's first
other operation. Otherwise than in that code a dropped parent stays away while the node's next one is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from harness.options import Option
from harness.scorers import Work, best_candidates, darts_pt
from harness.searchers._tools import Found, TrainedSupernet, decided
from harness.seeding import generator
from harness.spaces import Decision, Mask, Space, only, without

if TYPE_CHECKING:
    from harness.training import Trained

EVIDENCE = "trained"
ASKS = darts_pt.ASKS
KINDS = frozenset({"operation", "input"})
OPTIONS = {"order": Option(("random", "fixed"), "random", "of the decisions")}


def search(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Found:
    """Search in the ``order`` of ``settings``: drawn with the seed, or from first to last."""
    space, trained = tools.space, tools.trained
    mask, trace = space.full_mask, []
    steps = _steps(space, tools.seed, settings["order"])
    for made, decisions in enumerate(steps):
        tools.progress("decisions", made, len(steps))
        if made:
            trained.fine_tune(mask)
        for decision in decisions:
            mask, rows = _decide(space.decisions[decision], trained, mask, decision, made)
            trace += rows
    return Found(space.normalise(space.arch_of(mask)), trace)


def _steps(space: Space, seed: int, order: str) -> list[tuple[int, ...]]:
    """What is decided between two tunings: one decision of every cell, operations before inputs."""
    cells = []
    for number, cell in enumerate(space.decisions_by_cell):
        decisions = list(cell)
        if order == "random":
            names = ("order", number) if number else ("order",)
            decisions = [cell[place] for place in generator(seed, *names).permutation(len(cell))]
        cells.append(sorted(decisions, key=lambda decision: space.decisions[decision].kind != "operation"))
    together = zip_longest(*cells)
    return [tuple(decision for decision in step if decision is not None) for step in together]


def _decide(
    spec: Decision, trained: Trained, mask: Mask, decision: int, made: int
) -> tuple[Mask, list[dict[str, object]]]:
    if spec.kind == "operation":
        scores = darts_pt.score(trained, mask, decision)
        return only(mask, decision, best_candidates(scores, spec.picks)), decided(spec, scores, made)
    rows: list[dict[str, object]] = []
    while sum(mask[decision]) > spec.picks:
        scores = darts_pt.score(trained, mask, decision)
        least = min(scores, key=lambda candidate: (scores[candidate].value, -candidate))
        mask = without(mask, decision, least)
        rows += decided(spec, scores, made)
    return mask, rows


def work(space: Space) -> Work:
    """Accuracies and fine-tunings of a whole search."""
    accuracies = 0
    for spec in space.decisions:
        open_ones = len(spec.candidates)
        last = open_ones if spec.kind == "operation" else spec.picks + 1
        accuracies += sum(count + 1 for count in range(last, open_ones + 1))
    return Work(accuracies, len(_steps(space, 0, "fixed")) - 1)
