"""Names at the ends of a printed chart's lines, in place of a legend, where the lines are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from harness.reports.charts import style
from harness.reports.charts.chart import Panel, Series

FEW = 6
"""Lines up to which each is named at its end; the page does the same."""

WIDTH = 5.0
"""Inches of a panel from which on there is room for names beside it."""

APART = 0.055
"""Of the height of a panel, between two names."""


def named(panel: Panel) -> tuple[Series, ...]:
    """The lines that are named at their ends; none where there are many."""
    lines = tuple(one for one in panel.series if one.line and one.name and len(one.x) > 1)
    return lines if len(lines) <= FEW else ()


def write(axes: Axes, panel: Panel) -> None:
    """Write the names, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    known = [(one, value) for one in named(panel) if (value := _last(one.y)) is not None]
    before = -np.inf
    for series, value in sorted(known, key=lambda pair: pair[1]):
        at = max((value - low) / (high - low), before + APART)
        before = at
        axes.annotate(
            series.name, (1.0, at), xycoords="axes fraction", xytext=(9, 0), textcoords="offset points",
            va="center", fontsize=7,
        )  # fmt: skip
        axes.annotate(
            "\u25cf", (1.0, at), xycoords="axes fraction", xytext=(2, 0), textcoords="offset points",
            va="center", fontsize=6, color=style.colour(series.colour),
        )  # fmt: skip


def _last(values: Sequence[float] | np.ndarray) -> float | None:
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(finite[-1]) if len(finite) else None
