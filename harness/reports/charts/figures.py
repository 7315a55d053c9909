"""Charts of all methods of a section: agreement step by step, accuracies found, mean ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.charts import style
from harness.reports.charts.chart import INK, Chart, Mark, Panel, Series
from harness.reports.tables.overall import Standing

DRAWN = len(style.COLOURS)
"""Lines that one chart tells apart."""


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
    shown = groups[:DRAWN]
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


def found(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Accuracy found by every searcher, one point per seed."""
    groups = [group for group in groups if group.results]
    if not groups:
        return None
    place = groups[0].run
    groups = sorted(groups, key=lambda group: -(group.stat("accuracy")["mean"] or 0.0))
    seeds = [
        Series(
            "", values, [row] * len(values), words=tuple(f"seed {seed}" for seed in group.seeds),
            facts=(
                ("found", [str(result.statistics.get("arch")) for result in group.results]),
                ("rank", [result.numbers.get("rank") or np.nan for result in group.results]),
            ),
        )
        for row, group in enumerate(groups)
        for values in [_known(group.values("accuracy"))]
    ]  # fmt: skip
    means = Series(
        "",
        _known([group.stat("accuracy")["mean"] for group in groups]),
        list(range(len(groups))),
        colour=INK,
        marker=3,
        hollow=True,
        words=tuple(f"mean of {wording.counted(len(group.seeds), 'seed')}" for group in groups),
    )
    best = groups[0].stat("best_accuracy")["mean"]
    panel = Panel(
        (*seeds, means),
        x_title="accuracy, %",
        y_names=tuple(wording.title(group, groups) for group in groups),
        marks=(Mark("x", best, 1, dashed=True),) if best is not None else (),
    )
    return Chart(
        name=f"found-{place.space}-{place.label}",
        kind="Accuracy found",
        title="Accuracy found",
        lines=(f"{place.space}, {place.label}; one point per seed",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Points: seeds; hollow: "
        f"their mean; dashed: the best architecture of the space. {wording.settings_sentence(groups)}",
        alternative=f"Accuracy found on {place.space} by {len(groups)} searchers, one point per seed.",
        panels=(panel,),
        size=(7.2, 0.6 + 0.24 * len(groups)),
        records=wording.records(groups),
    )


def _known(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


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
