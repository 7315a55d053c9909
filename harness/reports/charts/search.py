"""Charts of ``search``: accuracies found, traces, and supernets in training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import quantity_of
from harness.reports.charts.chart import INK, Chart, Mark, Panel, Series
from harness.reports.charts.queries import queries
from harness.reports.charts.restoration import progress
from harness.reports.charts.trace import trace
from harness.reports.tables import training


def charts(groups: Sequence[Group], label_words: str) -> tuple[Chart, ...]:
    """Those that there is something to draw for."""
    fits = (progress(group, groups, label_words) for group in groups)
    traces = (trace(group, groups, label_words) for group in groups)
    drawn = (
        found(groups, label_words),
        queries(groups, label_words),
        *fits,
        *traces,
        training.curves(groups, label_words),
    )
    return tuple(chart for chart in drawn if chart is not None)


def found(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Accuracy found by every searcher, one point per seed."""
    groups = [group for group in groups if group.stat("accuracy")["n"]]
    if not groups:
        return None
    place = groups[0].run
    quantity = quantity_of(place.space, place.label)
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
        for values in [_known(map(quantity.shown, group.values("accuracy")))]
    ]  # fmt: skip
    means = Series(
        "",
        _known(quantity.shown(group.stat("accuracy")["mean"]) for group in groups),
        list(range(len(groups))),
        colour=INK,
        marker=3,
        hollow=True,
        words=tuple(f"mean of {wording.counted(len(group.seeds), 'seed')}" for group in groups),
    )
    optima = [group.stat("best_accuracy")["mean"] for group in groups]
    best = quantity.shown(max((each for each in optima if each is not None), default=None))
    panel = Panel(
        (*seeds, means),
        x_title=quantity.axis,
        y_names=tuple(wording.title(group, groups) for group in groups),
        marks=(Mark("x", best, 1, dashed=True, words="best"),) if best is not None else (),
    )
    return Chart(
        name=f"found-{place.space}-{place.label}",
        kind=f"{quantity.name} found",
        title=f"{quantity.name} found",
        lines=(f"{place.space}, {place.label}; one point per seed",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Points: seeds; hollow: "
        f"their mean; dashed: the best architecture of the space. {wording.settings_sentence(groups)}",
        alternative=f"{quantity.name} found on {place.space} by {len(groups)} searchers, one point per seed.",
        panels=(panel,),
        size=(7.2, 0.6 + 0.24 * len(groups)),
        records=wording.records(groups),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]
