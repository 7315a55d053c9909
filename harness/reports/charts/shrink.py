"""Charts of ``shrink``: what is left as a space gets smaller, and for what it cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.charts.chart import MUTED, Chart, Mark, Panel, Series
from harness.reports.charts.style import DRAWN
from harness.reports.tables import training

COSTS = {
    "queries": ("trained figures told", "trained figures told, n"),
    "scores": ("scores measured", "scores of networks and supernets, n"),
    "epochs": ("epochs trained", "epochs that a supernet was trained for"),
}
"""By what a shrinker pays with: in words, and on an axis."""
LEFT = {"best": "best", "mean": "mean"}


def charts(groups: Sequence[Group], label_words: str) -> tuple[Chart, ...]:
    """By the number of architectures left, by every kind of cost that was paid, and trained supernets."""
    scored = [group for group in groups if group.results and group.stat("last.best")["n"]]
    if not scored:
        return ()
    scored.sort(key=lambda group: (-(group.stat("last.mean")["mean"] or 0.0), group.key))
    by_cost = [_by_cost(scored, name, label_words) for name in COSTS]
    drawn = (_by_size(scored, label_words), *by_cost, training.curves(groups, label_words))
    return tuple(chart for chart in drawn if chart is not None)


def _by_size(groups: Sequence[Group], label_words: str) -> Chart:
    return _chart(
        groups,
        "left",
        "Accuracy left by architectures left",
        "architectures left",
        label_words,
        [_line(group, groups, number, "architectures") for number, group in enumerate(groups)],
        (),
    )


def _by_cost(groups: Sequence[Group], cost: str, label_words: str) -> Chart | None:
    paying = [group for group in groups if group.stat(f"last.{cost}")["mean"]]
    if not paying:
        return None
    free = [group for group in groups if not any(group.stat(f"last.{name}")["mean"] for name in COSTS)]
    words, axis = COSTS[cost]
    return _chart(
        groups,
        cost,
        f"Accuracy left by {words}",
        axis,
        label_words,
        [_line(group, groups, groups.index(group), cost) for group in paying],
        free,
    )


Line = dict[str, Series]
"""By what is left, best or mean."""


def _chart(
    groups: Sequence[Group],
    name: str,
    title: str,
    x_title: str,
    label_words: str,
    lines: Sequence[Line],
    free: Sequence[Group],
) -> Chart:
    place = groups[0].run
    quantity = quantity_of(place.space, place.label)
    dashed = " Dashed levels: what those end with that pay nothing." if free else ""
    return Chart(
        name=f"shrink-{name}-{place.space}-{place.label}",
        kind=title,
        title=title,
        lines=(f"{place.space}, {place.label}; a point per step, mean over seeds",),
        caption=f"{wording.label_sentence(groups[0], label_words)} A point is a step: the best and the mean "
        f"of the architectures left, means over seeds.{dashed} {wording.settings_sentence(groups)}",
        alternative=f"{title}, of {len(lines)} shrinkers on {place.space}.",
        panels=tuple(
            Panel(
                tuple(line[left] for line in lines),
                title=words,
                x_title=x_title,
                y_title=f"{words} {quantity.axis}",
                x_log=True,
                marks=tuple(_mark(group, groups, left, quantity) for group in free),
            )
            for left, words in LEFT.items()
        ),
        columns=2,
        size=(4.6, 3.4),
        records=wording.records(groups),
    )


def _mark(group: Group, groups: Sequence[Group], left: str, quantity: Quantity) -> Mark:
    value = quantity.shown(group.stat(f"last.{left}")["mean"])
    return Mark("y", float("nan") if value is None else value, MUTED, True, wording.title(group, groups))


def _line(group: Group, groups: Sequence[Group], number: int, across: str) -> Line:
    """Means over seeds by step, of those steps that all seeds have and that lie on a logarithmic axis."""
    quantity = quantity_of(group.run.space, group.run.label)
    count = min(len(result.statistics["steps"]) for result in group.results)
    steps = [step for step in range(count) if (group.stat(f"steps.{step}.{across}")["mean"] or 0.0) > 0]
    x = [group.stat(f"steps.{step}.{across}")["mean"] for step in steps]
    return {
        left: Series(
            wording.title(group, groups),
            x,
            np.array(
                [quantity.shown(group.stat(f"steps.{step}.{left}")["mean"]) for step in steps],
                dtype=np.float64,
            ),
            line="straight",
            colour=number % DRAWN,
            marker=number % DRAWN,
            dashed=number >= DRAWN,
            hollow=number >= 2 * DRAWN,
            words=tuple(f"step {step}" for step in steps),
        )
        for left in LEFT
    }
