"""A shrinker returns smaller and smaller spaces; each is judged by the accuracies that are left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.tasks._task import Measure, Rows, Task, Told

LEFT = ("candidates", "architectures", "best", "mean", "top")


def statistics(rows: Rows) -> dict[str, Any]:
    """What is left after every step, ``None`` where that is not known, and of the last step once more."""
    columns = {name: [_known(value) for value in rows[name]] for name in ("step", *LEFT)}
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
    columns=("step", *LEFT, "mask", "status", "reason"),
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
