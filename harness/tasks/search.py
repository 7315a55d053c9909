"""A searcher returns one architecture, which is judged by its accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.tasks._task import Measure, Rows, Task, Told


def check(statistics: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """The regret, of the two accuracies it is the difference of: the rows do not hold the found one's."""
    accuracies = [statistics[name] for name in ("best_accuracy", "accuracy")]
    return {"regret": None if None in accuracies else accuracies[0] - accuracies[1]}


def derived(rows: Rows) -> dict[str, Any]:
    """The best figure told so far, by the number of queries; unknown ones leave it as it is."""
    if not {"stage", "accuracy"} <= set(rows):
        return {}
    told = np.asarray(rows["accuracy"], dtype=np.float64)[np.asarray(rows["stage"]) == "query"]
    return {"best_told": np.fmax.accumulate(told).tolist()} if len(told) else {}


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """Accuracy, or what else the label measures, and rank of the architecture found."""
    if statistics["accuracy"] is None:
        return "the label has no figure for the chosen architecture"
    found = told(statistics["accuracy"])
    if statistics["rank"] is None:
        return f"{found}, rank unknown"
    within = f" within {limits}" if (limits := statistics.get("best_within")) else ""
    return f"{found}, rank {statistics['rank']} of {statistics['size']}{within}"


TASK = Task(
    name="search",
    title="Search: the architectures found",
    group="searcher",
    columns=(
        "stage", "index", "step", "decision", "candidate", "arch", "score", "accuracy", "status", "reason",
    ),
    check=check,
    derived=derived,
    headline=headline,
    ranking=Measure("accuracy", "accuracy of the architecture found", 2),
    compared=(Measure("accuracy", "accuracy found, %", 2),),
    studied=(
        Measure("accuracy", "Accuracy found, %", 2),
        Measure("rank", "Median rank", 0, median=True),
        Measure("evaluations", "Evaluations", 0),
        Measure("proposals_distinct", "Distinct proposals", 0),
    ),
    needs_truth=False,
)  # fmt: skip
