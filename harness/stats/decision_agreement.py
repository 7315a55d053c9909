"""How well an operation scorer ranks the candidates of each decision, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from harness.stats.rank_correlation import kendall, spearman, undefined_reason
from harness.stats.shrinking import dropped_first

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
    steps: list[dict[str, Any]] = []
    for step in np.unique(step_of):
        decisions: list[dict[str, Any]] = []
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


def operations_dropped(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The operations that the scores of the initial supernet would drop first.

    Of all candidates (those of input decisions do not count) two thirds are dropped, as in the evaluation of
    NAS-Bench-201 (20 of 30), or fewer where a decision would be left without any. Their truth is ``avg_acc``.

    Parameters
    ----------
    columns
        As for :func:`operation_agreement`.

    Returns
    -------
    dict
        The attributes of :class:`harness.stats.Dropped` without its ``rows``; besides, ``candidates`` and
        ``dropped``, how many there were and how many of them were dropped.
    """
    step, kind = (np.asarray(columns[name]) for name in ("step", "kind"))
    first = (step == 0) & (kind != "input")
    scores, truth = (np.asarray(columns[name], dtype=np.float64)[first] for name in ("score", "avg_acc"))
    scores = np.where(np.asarray(columns["status"])[first] == "ok", scores, np.nan)
    _, decisions = np.unique(np.asarray(columns["decision"])[first].astype(str), return_inverse=True)
    candidates = int(first.sum())
    spare = candidates - len(np.unique(decisions))
    found = asdict(dropped_first(scores, truth, decisions, min(2 * candidates // 3, spare)))
    return {"candidates": candidates, "dropped": len(found.pop("rows")), **found}


def _compare(scores: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    y = truth[rows]
    known = np.isfinite(y)
    x, y = scores[rows][known], y[known]
    return {
        "kendall": kendall(x, y),
        "spearman": spearman(x, y),
        "top_1": _top_is_best(x.tolist(), y.tolist()) if len(x) > 1 else None,
        "reason": undefined_reason(x, y),
    }


def _top_is_best(scores: list[float], truth: list[float]) -> bool:
    top = max(scores)
    return scores.count(top) == 1 and truth[scores.index(top)] == max(truth)


def _mean(numbers: list[dict[str, Any]], name: str) -> float | None:
    defined = [each[name] for each in numbers if each[name] is not None]
    return sum(defined) / len(defined) if defined else None


def _average(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    defined = sum(each["kendall"] is not None for each in numbers)
    means = {name: _mean(numbers, name) for name in ("kendall", "spearman", "top_1")}
    return means | {"decisions": defined, "undefined": len(numbers) - defined}


def _over_steps(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    means = {name: _mean(numbers, name) for name in ("kendall", "spearman", "top_1")}
    return means | {"steps": sum(each["kendall"] is not None for each in numbers)}
