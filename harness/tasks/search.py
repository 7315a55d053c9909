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
    """The best told of so far, by the number of queries, and the architectures looked up or scored.

    ``best_told`` (unknown figures leave it as it is; the best by the figures that were told, its own under
    the run's label, ``reported``, where that is another) and ``looked_up`` (those with a figure) of a search
    by queries, ``scored`` with ``arch`` and ``score`` of one by a proxy.
    """
    if "stage" not in rows:
        return {}
    stage = np.asarray(rows["stage"])
    read = ("arch", "accuracy", "score", "reported")
    columns = {name: np.asarray(rows[name]) for name in read if name in rows}
    asked = {name: column[stage == "query"] for name, column in columns.items()}
    scored = {name: columns[name][stage == "score"].tolist() for name in ("arch", "score") if name in columns}
    found: dict[str, Any] = {}
    if len(asked.get("accuracy", ())):
        found["best_told"] = _best_told(asked["accuracy"], asked.get("reported"))
        known = np.isfinite(asked["accuracy"].astype(np.float64))  # others may be no architecture
        if "arch" in asked:
            found["looked_up"] = asked["arch"][known].tolist()
    if len(scored) == 2 and scored["arch"]:
        found["scored"] = scored
    return found


def _best_told(told: np.ndarray, reported: np.ndarray | None) -> list[float]:
    """Of figures told one after another (n,) the best so far, or what is ``reported`` of it."""
    told = told.astype(np.float64)
    if reported is None:
        return np.fmax.accumulate(told).tolist()
    ranked = np.where(np.isnan(told), -np.inf, told)
    highest = np.maximum.accumulate(ranked)
    first = np.r_[True, highest[1:] > highest[:-1]]
    place = np.maximum.accumulate(np.where(first, np.arange(len(told)), 0))
    return np.where(np.isneginf(highest), np.nan, reported.astype(np.float64)[place]).tolist()


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
