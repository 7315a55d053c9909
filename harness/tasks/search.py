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
    """The figure of the best told of so far, by the number of queries; unknown ones leave it as it is.

    Best by the figures that were told; its own is under the run's label (``reported``) where that is another.
    """
    if not {"stage", "accuracy"} <= set(rows):
        return {}
    asked = np.asarray(rows["stage"]) == "query"
    told = np.asarray(rows["accuracy"], dtype=np.float64)[asked]
    if not len(told):
        return {}
    if "reported" not in rows:
        return {"best_told": np.fmax.accumulate(told).tolist()}
    ranked = np.where(np.isnan(told), -np.inf, told)
    highest = np.maximum.accumulate(ranked)
    first = np.r_[True, highest[1:] > highest[:-1]]
    place = np.maximum.accumulate(np.where(first, np.arange(len(told)), 0))
    return {"best_told": np.asarray(rows["reported"], dtype=np.float64)[asked][place].tolist()}


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """Accuracy, or what else the label measures, and rank of the architecture found."""
    if statistics["accuracy"] is None:
        return "the label has no figure for the chosen architecture"
    found = told(statistics["accuracy"])
    if statistics["rank"] is None:
        return f"{found}, rank unknown"
    return f"{found}, rank {statistics['rank']} of {statistics['size']}"


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
