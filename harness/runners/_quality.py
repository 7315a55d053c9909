"""What the benchmark says of one chosen architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.evidence import Bounded, Evidence
from harness.published.errors import of_space
from harness.runs.context import Context
from harness.searchers import UNKNOWN
from harness.spaces import Architecture

if TYPE_CHECKING:
    import pandas as pd

TIED = 1e-9
"""Accuracies this close are equal: means of the same figures, added in another order, differ less."""


def quality(context: Context, arch: Architecture, bounded: Bounded | None = None) -> dict[str, object]:
    """Accuracy, rank and regret of ``arch`` among the architectures whose truth is known.

    ``rank = 1 + #{a : accuracy(a) > accuracy(arch)}``, ``regret = best accuracy - accuracy(arch)``
    in percentage points, with duplicates counted as the benchmark lists them. All three are ``None``,
    and the status is ``unknown``, where the label has no figure for ``arch``. Where any architecture can be
    asked about, nobody knows the best one: then rank and regret are ``None`` too. Where the run has limits,
    the best one and the others are those within them, and ``best_within`` names the limits.
    """
    benchmark, label = context.benchmark, context.label.name
    limits = bounded.limits.words if bounded else ""
    accuracy = float(benchmark.goodness([arch], label)[0])
    known = bool(np.isfinite(accuracy))
    if benchmark.architectures is None:
        accuracies = np.full(1, np.nan)
    else:
        accuracies = benchmark.goodness(benchmark.keys, label)
        if bounded and limits:
            accuracies = np.where(bounded.mask(benchmark), accuracies, np.nan)
    best = float(np.fmax.reduce(accuracies))
    ranked = known and np.isfinite(best)
    return {
        "arch": context.space.format(arch),
        "canonical": context.space.canonical(arch),
        "accuracy": accuracy if known else None,
        "rank": 1 + int((accuracies > accuracy + TIED).sum()) if ranked else None,
        "size": int(np.isfinite(accuracies).sum()),
        "best_accuracy": best,
        "regret": best - accuracy if ranked else None,
        **({"best_within": limits} if limits else {}),
        **_size(context, arch),
        **({} if known else UNKNOWN),
    }


def best_seen(context: Context, read: Evidence, found: Architecture | None) -> dict[str, object]:
    """What there is beside ``found``: the best that was looked up, where that is another architecture.

    Best by the figures that were told, judged by the run's label.
    """
    seen = read.seen
    if seen is None or seen == found:
        return {}
    judged = quality(context, seen, read.bounded)
    return {"best_seen": {name: judged[name] for name in ("arch", "accuracy", "rank")}}


def reported(context: Context, rows: pd.DataFrame) -> np.ndarray:
    """Figures under the run's label of what was looked up under another one (n,); NaN for other rows."""
    found = np.full(len(rows), np.nan)
    asked = np.flatnonzero(rows["stage"] == "query")
    archs = [context.space.parse(rows["arch"].iloc[row]) for row in asked]
    found[asked] = context.benchmark.goodness(archs, context.label.name) if archs else []
    return found


def _size(context: Context, arch: Architecture) -> dict[str, int]:
    """Parameters at the size that published errors of the space are of, where there are such."""
    if not of_space(context.space.name):
        return {}
    from harness import networks  # loads torch

    return {"published_size_params": networks.trained_cost(context.space, arch)[0]}
