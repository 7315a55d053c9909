"""Operation scores and proposals of many supernets: what they vary with, by a crossed design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.options import Option
from harness.tasks._task import Rows, Task, Told

DRAWN = ("initialisation", "batch", "order")
"""Factors whose levels are random draws; the order of decisions counts for proposals alone."""

CHOSEN = ("masking", "counting")
"""Factors that somebody chooses."""

TOGETHER = {"supernet": ("initialisation", "batch"), "all": DRAWN}
"""Sets of them that are drawn anew together, by what they are called."""


def statistics(rows: Rows) -> dict[str, Any]:
    r"""What scores and proposals vary with.

    Returns
    -------
    dict
        ``scores``: ``variance`` of a candidate's score by what is drawn anew, :func:`crossed_variance` of
        scores that are standardised within their decision, mean over candidates; 1 would be scores that say
        nothing of one another. ``correlation`` is 1 less that of a new supernet and batch: Pearson's between
        the scores of two, mean over decisions. ``None`` of scores with a failure.
        ``proposals``: their ``mean`` accuracy and ``sd`` by what is drawn anew, in the unit of the
        accuracy; ``known``, how many have one, of ``count``; ``distinct`` architectures.
        ``chosen``: by factor and level the mean accuracy, where a factor has two.
    """
    stage = np.asarray(rows["stage"], dtype=object)
    scores = _scores(rows, stage == "score")
    found = np.flatnonzero(stage == "proposal")
    accuracies = np.asarray(rows["accuracy"], dtype=float)[found]
    levels = {name: np.asarray(rows[name], dtype=object)[found] for name in (*DRAWN, *CHOSEN)}
    known = accuracies[np.isfinite(accuracies)]
    return {
        "scores": scores,
        "proposals": {
            "count": len(found),
            "known": len(known),
            "distinct": len(set(np.asarray(rows["arch"], dtype=object)[found])),
            "mean": float(known.mean()) if len(known) else None,
            "sd": {name: _root(each) for name, each in _variances(accuracies, levels).items()},
        },
        "chosen": {
            name: {level: _mean(accuracies[levels[name] == level]) for level in sorted(set(levels[name]))}
            for name in CHOSEN
            if len(set(levels[name])) > 1
        },
    }


def _scores(rows: Rows, asked: np.ndarray) -> dict[str, Any]:
    from harness import stats

    by_cell: dict[tuple[Any, ...], dict[Any, list[float]]] = {}
    names = ("initialisation", "batch", *CHOSEN)
    columns = [np.asarray(rows[name], dtype=object)[asked] for name in (*names, "decision", "score")]
    for *cell, decision, score in zip(*columns, strict=True):
        by_cell.setdefault(tuple(cell), {}).setdefault(decision, []).append(float(score))
    values = np.array(
        [
            np.concatenate([stats.standardised(np.array(each)) for each in decisions.values()])
            for decisions in by_cell.values()
        ]
    )
    levels = {name: [cell[place] for cell in by_cell] for place, name in enumerate(names)}
    variances = _variances(values, levels)
    both = variances.get("supernet")
    return {"variance": variances, "correlation": None if both is None else 1 - both}


def _variances(values: np.ndarray, levels: Mapping[str, Any]) -> dict[str, float | None]:
    """By factor, and by sets of them, the variance when these are drawn anew."""
    from harness import stats

    alone = {name: (name,) for name in levels}
    together = {name: each for name, each in TOGETHER.items() if set(each) <= set(levels)}
    return {name: stats.crossed_variance(values, levels, each) for name, each in (alone | together).items()}


def _root(variance: float | None) -> float | None:
    return None if variance is None else variance**0.5


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """How much two supernets agree, and what proposals come to."""
    correlation, found = statistics["scores"]["correlation"], statistics["proposals"]
    agree = "undefined" if correlation is None else f"{correlation:.2f}"
    mean, spread = found["mean"], found["sd"]["all"]
    came = "unknown" if mean is None else told(mean)
    spread = "" if spread is None else f" ± {spread:.2f}"
    return f"correlation of two supernets' scores {agree}; {found['count']} proposals, mean {came}{spread}"


TASK = Task(
    name="variance",
    title="Variance: what operation scores and proposals vary with",
    group="scorer",
    options={
        "initialisations": Option(int, 4, "supernets with weights of their own"),
        "batches": Option(int, 4, "batches that each of them is scored on"),
        "orders": Option(int, 4, "random orders of decisions for each of these"),
        "released": Option(bool, False, "also with the masking and the counting of the released code"),
    },
    columns=(
        "stage", *DRAWN, *CHOSEN, "decision", "candidate", "score", "arch", "accuracy", "status", "reason",
    ),
    row_key=("stage", *DRAWN, *CHOSEN, "decision", "candidate"),
    statistics=statistics,
    recomputed=("scores", "proposals", "chosen"),
    headline=headline,
)  # fmt: skip
