"""Charts of ``op_correlation``: agreement step by step, and supernets in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.charts import style
from harness.reports.charts.chart import Chart, Mark, Panel, Series
from harness.reports.tables import training


def charts(groups: Sequence[Group], label_words: str) -> tuple[Chart, ...]:
    """Those that there is something to draw for."""
    drawn = (progress(groups, label_words), training.curves(groups, label_words))
    return tuple(chart for chart in drawn if chart is not None)


def progress(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Agreement with accuracy by operation, step by step; ``None`` where no run goes beyond the first.

    Published scores of which it is not known what was decided say nothing of what can still be reached.
    """
    groups = [
        group
        for group in groups
        if group.results and group.stat("steps.1.best_acc_remaining.kendall")["mean"] is not None
    ]
    if not groups:
        return None
    place = groups[0].run
    shown = groups[: style.DRAWN]
    names = [wording.title(group, shown) for group in shown]
    truths = (("best_acc_remaining", "best accuracy"), ("avg_acc_remaining", "average accuracy"))
    panels = tuple(
        Panel(
            tuple(_curve(group, truth, number, names[number]) for number, group in enumerate(shown)),
            title=f"with the {title} still reachable",
            x_title="decisions made",
            y_title="Kendall τ",
            whole=True,
            marks=(Mark("y", 0.0),),
        )
        for truth, title in truths
    )
    seeds = "; ".join(f"{group.method}: {wording.seeds(group.seeds)}" for group in shown)
    return Chart(
        name=f"progress-{place.space}-{place.label}",
        kind="Agreement step by step",
        title="Agreement step by step",
        lines=(f"{place.space}, {place.label}",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Kendall τ between the "
        "candidates' scores and the best or average accuracy of the architectures still reachable, averaged "
        "over the open decisions where it is defined; lines: mean over seeds, bands: ± s.d. "
        f"{seeds}.{wording.left_out(shown, groups, 'scorers')} {wording.settings_sentence(groups)}",
        alternative=f"Kendall tau by step of {len(shown)} operation scorers on {place.space}.",
        panels=panels,
        columns=2,
        records=wording.records(shown),
    )


def _curve(group: Group, truth: str, number: int, name: str) -> Series:
    keys = set(group.results[0].numbers)
    steps = sorted({int(key.split(".")[1]) for key in keys if key.startswith("steps.")})
    stats = [group.stat(f"steps.{step}.{truth}.kendall") for step in steps]
    mean = np.array([np.nan if stat["mean"] is None else stat["mean"] for stat in stats])
    sd = np.array([stat["sd"] or 0.0 for stat in stats])
    band = (mean - sd, mean + sd) if sd.any() else (None, None)
    return Series(
        name, steps, mean, line="straight", y_low=band[0], y_high=band[1], colour=number, marker=number
    )
