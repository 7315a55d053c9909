"""Every candidate of every decision is scored; the scores are compared with accuracy by operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.options import Option
from harness.tasks._task import Measure, Rows, Task, Told

TRUTHS = ("best_acc", "avg_acc", "best_acc_remaining", "avg_acc_remaining")


def statistics(rows: Rows) -> dict[str, Any]:
    """Agreement per decision with the best and average accuracy by operation, step by step."""
    from harness import stats

    return stats.operation_agreement(rows)


def derived(rows: Rows) -> dict[str, Any]:
    """The operations that the scores would drop first."""
    from harness import stats

    return {"dropped_first": stats.operations_dropped(rows)}


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """Tau with the best accuracy by operation, at the initial supernet."""
    tau = statistics["steps"][0]["best_acc"]["kendall"]
    return f"tau with best-acc {'undefined' if tau is None else f'{tau:.3f}'} at the initial supernet"


TASK = Task(
    name="op_correlation",
    title="Operations: scores of the supernet against accuracy by operation",
    group="scorer",
    options={"progressive": Option(bool, True, "false stops after the initial supernet")},
    columns=(
        "step", "decision", "candidate", "kind", "score", "status", "reason", *TRUTHS, "count", "chosen",
    ),
    row_key=("step", "decision", "candidate"),
    statistics=statistics,
    recomputed=("steps", "mean"),
    derived=derived,
    headline=headline,
    ranking=Measure(
        "steps.0.best_acc.kendall", "Kendall τ with best accuracy by operation, initial supernet"
    ),
    compared=(
        Measure("steps.0.best_acc.kendall", "τ, best accuracy"),
        Measure("steps.0.avg_acc.kendall", "τ, average accuracy"),
        Measure("selected.accuracy", "accuracy picked, %", 2),
    ),
    studied=(
        Measure("steps.0.best_acc.kendall", "τ, best-acc"),
        Measure("steps.0.best_acc.spearman", "ρ, best-acc"),
        Measure("steps.0.avg_acc.kendall", "τ, avg-acc"),
        Measure("steps.0.avg_acc.spearman", "ρ, avg-acc"),
        Measure("selected.accuracy", "Accuracy picked, %", 2),
        Measure("selected.rank", "Median rank", 0, median=True),
    ),
    lists_truth=True,
    takes_published=True,
)  # fmt: skip
