"""How well an operation scorer ranks the candidates of each decision, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.stats.rank_correlation import kendall, spearman, undefined_reason

TRUTHS = ("best_acc", "avg_acc", "best_acc_remaining", "avg_acc_remaining")


def operation_agreement(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Rank agreement per decision over its scored candidates, averaged over decisions, at every step.

    Parameters
    ----------
    columns
        The rows of an ``op_correlation`` record (a mapping of columns or a data frame): ``step``,
        ``decision``, ``kind``, ``score``, ``status`` and the true values ``best_acc``, ``avg_acc``
        (over all architectures that contain the candidate), ``best_acc_remaining``,
        ``avg_acc_remaining`` (over those still reachable). A decision is a step's undecided choice.

    Returns
    -------
    dict
        ``steps``: per step, ascending, ``step``, for every true value ``{kendall, spearman, top_1,
        decisions, undefined}``, and ``decisions``: the same numbers per decision in the order of the
        rows. ``decisions`` counts the decisions the mean is taken over, ``undefined`` those without a
        correlation (fewer than 2 scored candidates, or a constant column), which are dropped.
        ``top_1`` is the share of decisions whose highest-scored candidate, alone at the top, has the
        highest true value.
        ``mean``: for every true value ``kendall``, ``spearman``, ``top_1`` averaged over the steps
        where they are defined, and ``steps``, how many these are.
    """
    step_of = np.asarray(columns["step"], dtype=np.int64)
    data = {name: np.asarray(columns[name]) for name in ("decision", "kind")}
    scores = np.asarray(columns["score"], dtype=np.float64)
    ok = (np.asarray(columns["status"]) == "ok") & np.isfinite(scores)
    truths = {name: np.asarray(columns[name], dtype=np.float64) for name in TRUTHS}
    steps = []
    for step in np.unique(step_of):
        decisions = []
        here = step_of == step
        for decision in dict.fromkeys(data["decision"][here].tolist()):
            rows = np.flatnonzero(here & (data["decision"] == decision))
            kind = str(data["kind"][rows[0]])
            numbers = {name: _compare(scores, truth, rows[ok[rows]]) for name, truth in truths.items()}
            decisions.append(
                {"decision": str(decision), "kind": kind, "candidates": len(rows), "n": int(ok[rows].sum())}
                | numbers
            )
        means = {name: _average([decision[name] for decision in decisions]) for name in TRUTHS}
        steps.append({"step": int(step)} | means | {"decisions": decisions})
    return {"steps": steps, "mean": {name: _over_steps([step[name] for step in steps]) for name in TRUTHS}}


def _compare(scores: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    rows = rows[np.isfinite(truth[rows])]
    x, y = scores[rows], truth[rows]
    top = x == x.max() if len(x) else np.zeros(0, dtype=bool)
    return {
        "kendall": kendall(x, y),
        "spearman": spearman(x, y),
        "top_1": bool(top.sum() == 1 and y[top][0] == y.max()) if len(x) > 1 else None,
        "reason": undefined_reason(x, y),
    }


def _mean(numbers: list[dict[str, Any]], name: str) -> float | None:
    defined = [each[name] for each in numbers if each[name] is not None]
    return float(np.mean(defined)) if defined else None


def _average(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    defined = sum(each["kendall"] is not None for each in numbers)
    means = {name: _mean(numbers, name) for name in ("kendall", "spearman", "top_1")}
    return means | {"decisions": defined, "undefined": len(numbers) - defined}


def _over_steps(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    means = {name: _mean(numbers, name) for name in ("kendall", "spearman", "top_1")}
    return means | {"steps": sum(each["kendall"] is not None for each in numbers)}
