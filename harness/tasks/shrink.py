"""A shrinker returns smaller and smaller spaces; each is judged by the accuracies that are left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.options import Option
from harness.tasks._task import Measure, Rows, Task, Told

LEFT = (
    "candidates", "architectures", "best", "mean", "top", "top_10", "best_candidates", "dropped_rank",
    "scores", "queries", "epochs",
)  # fmt: skip
"""Numbers of a step: what is left, the mean true rank of all that was dropped so far, and what was paid.

``best_candidates`` counts the decisions that still have a candidate of the best known architecture. A record
of before there were that many lacks some.
"""

THEN: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "queries": ("random_search", "regularized_evolution"),
    "zero_cost_pt": ("zero_cost_pt",),
    "all": ("random_search", "regularized_evolution", "zero_cost_pt"),
}
"""By the setting ``then`` the searchers that are tried in the space left and in the whole one."""


def statistics(rows: Rows) -> dict[str, Any]:
    """What is left after every step, ``None`` where that is not known, and of the last step once more."""
    columns = {name: [_known(value) for value in rows[name]] for name in ("step", *LEFT) if name in rows}
    steps = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {"steps": steps, "last": steps[-1]}


def _known(value: Any) -> float | int | None:
    number = value.item() if hasattr(value, "item") else value
    return None if number != number else number


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """What the last step leaves."""
    last = statistics["last"]
    best = "unknown" if last["best"] is None else told(last["best"])
    return f"best left: {best}, {last['architectures']:,} architectures after {last['step']} steps"


TASK = Task(
    name="shrink",
    title="Shrinking: what is left of the spaces",
    group="shrinker",
    options={
        "then": Option(tuple(THEN), "none", "searchers tried in the space left and in the whole one"),
        "queries": Option(int, 100, "accuracies that each of them is told"),
        "proposals": Option(int, 10, "N of zero_cost_pt there"),
        "validation_batches": Option(int, 100, "V of zero_cost_pt there"),
    },
    columns=("step", *LEFT, "dropped", "mask", "status", "reason"),
    row_key=("step",),
    statistics=statistics,
    recomputed=("steps", "last"),
    headline=headline,
    lists_truth=True,
    compared=(
        Measure("last.best", "best accuracy left, %", 2),
        Measure("last.mean", "mean accuracy left, %", 2),
    ),
)
