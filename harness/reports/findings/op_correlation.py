"""What the records say of operation scores: the best scorer, and what it picks."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.findings import parts
from harness.reports.model import Finding

HEADING = "Which score ranks operations best"
TAU = "steps.0.best_acc.kendall"


def finding(groups: Sequence[Group], quantity: Quantity, anchor: str) -> Finding | None:
    """The best scorer that measures; ``None`` without one."""
    scorers = [group for group in groups if parts.measured(group)]
    best = parts.best(scorers, TAU)
    if best is None:
        return None
    name = wording.title(best, scorers)
    decisions = wording.spread(best.values("steps.0.best_acc.decisions"))
    return Finding(
        HEADING,
        f"The best scorer is {name}, Kendall τ {parts.value(best, TAU, 3)} with the best {quantity.metric} "
        "by operation.",
        tuple(filter(None, (_average(best, groups), _picked(best, quantity)))),
        f"{wording.counted(len(scorers), 'scorer')}, mean over {decisions} decisions of the initial "
        f"supernet, {wording.seeds(best.seeds)}, label {best.run.label}; chance is τ 0",
        anchor,
    )


def _average(best: Group, groups: Sequence[Group]) -> str:
    """The same scores beside the average by operation, and how far that itself agrees with the best."""
    told = f"With the average by operation its τ is {parts.value(best, 'steps.0.avg_acc.kendall', 3)}"
    oracle = next((group for group in groups if group.method == "avg_acc" and group.results), None)
    if oracle is None:
        return f"{told}."
    return f"{told}; the average itself, an oracle, has τ {parts.value(oracle, TAU, 3)} with the best."


def _picked(best: Group, quantity: Quantity) -> str:
    if best.stat("selected.accuracy")["mean"] is None:
        return ""
    found = wording.mean_cell(quantity.stat(best.stat("selected.accuracy")), quantity.digits).text
    rank = wording.spread(best.values("selected.rank"))
    size = wording.spread(best.values("selected.size"))
    return (
        f"The architecture that its scores pick has {found} {quantity.unit} (rank {rank} of {size}; the best "
        f"has {quantity.text(best.stat('selected.best_accuracy')['mean'])})."
    )
