"""Architectures are scored by a zero-cost proxy; the scores are compared with their trained accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.options import Option, Whole
from harness.tasks._task import Measure, Rows, Task, Told

BASELINES = {
    "params": "parameters",
    "flops": "FLOPs",
    "operations": "non-identity operations",
}

SCORES = ("score", *BASELINES)


def statistics(
    rows: Rows, resamples: int | None = None, names: Iterable[str] = SCORES
) -> dict[str, dict[str, Any]]:
    """Agreement of the proxy's scores and of the trivial baselines with the accuracy."""
    from harness import stats

    resamples = stats.RESAMPLES if resamples is None else resamples
    return stats.architecture_agreement(rows, resamples, names=tuple(names))


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """Tau and the number of architectures it is of."""
    found = statistics["score"]
    tau = "tau undefined" if found["kendall"] is None else f"tau {found['kendall']:.3f}"
    return f"{tau}, n {found['n']} of {found['n_total']}"


TASK = Task(
    name="arch_correlation",
    title="Architectures: zero-cost proxies against trained accuracy",
    group="proxy",
    options={
        "population": Option(Whole(word="all"), 200, "distinct networks drawn with the run's seed, or all")
    },
    columns=(
        "arch", "canonical", "connected", "score", "status", "reason", "accuracy", *BASELINES,
    ),
    row_key=("arch",),
    shared=("arch", "canonical", "connected", "accuracy", *BASELINES),
    baselines=BASELINES,
    statistics=statistics,
    recomputed=SCORES,
    headline=headline,
    ranking=Measure("score.kendall_failures_last", "Kendall τ with failures ranked last"),
    takes_aggregations=True,
)  # fmt: skip
