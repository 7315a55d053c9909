"""Mean ranks of a task's methods over all spaces."""

from __future__ import annotations

import numpy as np

from harness.reports import wording
from harness.reports.charts.chart import Chart, Panel, Series
from harness.reports.tables.overall import Standing


def ranks(standing: Standing) -> Chart:
    """Mean ranks over spaces, labels and seeds, with half the critical difference to both sides."""
    means = np.array(standing.ranks.ranks)
    half = (standing.ranks.critical_difference or 0.0) / 2
    ends = (means - half, means + half) if half else (None, None)
    points = Series(
        "", means, list(range(len(means))), x_low=ends[0], x_high=ends[1],
        words=tuple(method.title for method in standing.methods),
    )  # fmt: skip
    blocks = wording.counted(standing.ranks.blocks, "block")
    names = [method.name for method in standing.methods]
    titles = [method.title for method in standing.methods]
    return Chart(
        name=f"ranks-{standing.task}",
        kind="Mean ranks",
        title="Mean ranks",
        lines=(f"by {standing.statistic}, {blocks}",),
        caption=f"Mean rank over {blocks} (a space, a label and a seed each), 1 the best. "
        + (
            "Bars reach half of Nemenyi's critical difference to both sides: methods whose bars do not "
            "overlap differ by more than it."
            if half
            else f"No test: {standing.ranks.reason}."
        ),
        alternative=f"Mean ranks of {len(means)} methods over {blocks}.",
        panels=(
            Panel(
                (points,),
                x_title="mean rank",
                y_names=tuple(names if len(set(names)) == len(names) else titles),
            ),
        ),
        size=(7.2, 0.6 + 0.24 * len(means)),
    )
