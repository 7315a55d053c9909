"""The regret of searches that are told trained figures, by the number of these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import quantity_of
from harness.reports.charts.chart import MUTED, Chart, Mark, Panel, Series
from harness.reports.charts.style import DRAWN


def queries(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Regret of the best architecture told of so far, mean over seeds; ``None`` where nothing was asked."""
    asking = [group for group in groups if group.results and any(map(len, _told(group)))]
    asking = [group for group in asking if group.stat("best_accuracy")["mean"] is not None]
    if not asking:
        return None
    place = groups[0].run
    quantity = quantity_of(place.space, place.label)
    asking.sort(key=lambda group: -(group.stat("accuracy")["mean"] or 0.0))
    shown = asking[:DRAWN]
    free = [group for group in groups if group.results and not group.stat("table_queries")["mean"]]
    free = [
        group for group in free if group.stat("regret")["mean"] is not None and "fidelity" in group.settings
    ]
    best = min(free, key=lambda group: float(group.stat("regret")["mean"]), default=None)
    marks: tuple[Mark, ...] = ()
    if best is not None:
        words = f"{best.method}, no query, {wording.counted(len(best.seeds), 'seed')}"
        marks = (Mark("y", float(best.stat("regret")["mean"]), MUTED, True, words),)
    return Chart(
        name=f"queries-{place.space}-{place.label}",
        kind="Regret by trained figures told",
        title="Regret by trained figures told",
        lines=(f"{place.space}, {place.label}",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Regret of the best architecture among the "
        "first n whose trained figure a search was told, mean over seeds, bands: ± s.d.; dashed: what the "
        "best search without any found, mean over its seeds."
        f"{wording.left_out(shown, asking, 'searchers')} {wording.settings_sentence(asking)}",
        alternative=f"Regret by trained figures told, of {len(shown)} searchers on {place.space}.",
        panels=(
            Panel(
                tuple(_curve(group, asking, number) for number, group in enumerate(shown)),
                x_title="trained figures told, n",
                y_title=f"regret, {quantity.points}",
                x_log=True,
                marks=marks,
            ),
        ),
        size=(6.4, 3.4),
        records=wording.records(shown),
    )


def _told(group: Group) -> list[list[float]]:
    return [result.derived.get("best_told", []) for result in group.results]


def _curve(group: Group, groups: Sequence[Group], number: int) -> Series:
    best = [result.numbers.get("best_accuracy") for result in group.results]
    lines = [
        optimum - np.asarray(told, dtype=np.float64)
        for told, optimum in zip(_told(group), best, strict=True)
        if told and optimum is not None
    ]
    shortest = min(map(len, lines))
    regrets = np.array([line[:shortest] for line in lines])
    mean, sd = regrets.mean(axis=0), regrets.std(axis=0, ddof=1) if len(lines) > 1 else None
    band = (None, None) if sd is None else (np.maximum(mean - sd, 0.0), mean + sd)
    return Series(
        wording.title(group, groups), np.arange(1, shortest + 1), mean, line="step", markers=False,
        y_low=band[0], y_high=band[1], colour=number,
    )  # fmt: skip
