"""Accuracy against a cost: the front of all architectures, and what searches hand over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.fronts import Front, Reached
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.charts.chart import INK, Chart, Panel, Series
from harness.reports.charts.style import DRAWN
from harness.reports.tables.fronts import title
from harness.stats import pareto_front


def chart(front: Front, label_words: str) -> Chart:
    """The front as a line; of every search the points that no other of its own beats, all seeds."""
    quantity = quantity_of(front.space, front.label)
    groups = [group for group, _, _ in front.reached]
    ordered = sorted(front.reached, key=lambda each: -(each[0].stat("accuracy")["mean"] or 0.0))
    shown = ordered[:DRAWN]
    on_front = [_on_front(reached) for _, _, reached in shown]
    low = _lowest(front, on_front)
    line = front.true.quality >= low
    series = [_line(front, quantity, line)]
    series += [
        _points(front, quantity, wording.title(group, groups), number, points, low)
        for number, ((group, _, _), points) in enumerate(zip(shown, on_front, strict=True))
    ]
    below = int((~line).sum()) + sum(int((quality < low).sum()) for _, quality, _ in on_front)
    cut = f" {below} points below {quantity.text(low)} are not drawn." if below else ""
    return Chart(
        name=f"front-{front.space}-{front.label}-{front.cost.name}",
        kind=f"{quantity.name} against cost",
        title=title(front),
        lines=(f"{front.space}, {front.label}, {front.cost.name}; line: the front of all architectures",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Line: what no other of {front.of:,} "
        "architectures beats in both; points: of what a search hands over, all seeds, what no other beats."
        f"{cut}{wording.left_out([each[0] for each in shown], groups, 'searchers, by accuracy found,')}",
        alternative=f"{title(front)} on {front.space}: the front of all architectures, "
        f"{len(front.true.cost)} points, and what {len(shown)} searchers hand over.",
        panels=(
            Panel(
                tuple(series),
                x_title=front.cost.words,
                y_title=quantity.axis,
            ),
        ),
        size=(6.4, 3.8),
        records=wording.records([group for group, _, _ in shown]),
    )


Points = tuple[Sequence[str], np.ndarray, np.ndarray]
"""Architectures, their qualities and costs."""


def _on_front(reached: Sequence[Reached]) -> Points:
    archs: list[str] = []
    qualities, costs = [np.empty(0)], [np.empty(0)]
    for each in reached:
        kept = pareto_front(each.quality, each.cost)
        archs += [f"{arch}, seed {each.seed}" for arch, on in zip(each.archs, kept, strict=True) if on]
        qualities.append(each.quality[kept])
        costs.append(each.cost[kept])
    return archs, np.concatenate(qualities), np.concatenate(costs)


def _lowest(front: Front, points: Sequence[Points]) -> float:
    """The lowest quality that is drawn: the median of all architectures, or a search's best point below."""
    best = [float(quality.max()) for _, quality, _ in points if len(quality)]
    return min([front.median, *best])


def _line(front: Front, quantity: Quantity, shown: np.ndarray) -> Series:
    cost, quality = -front.cost.sign * front.true.cost[shown], quantity.sign * front.true.quality[shown]
    step = "straight" if front.cost.higher_is_better else "step"
    words = ["on the front of all"] * len(cost)
    return Series(
        "", cost, quality, line=step, colour=INK, words=words, facts=_facts(front, quantity, quality, cost)
    )


def _points(front: Front, quantity: Quantity, name: str, number: int, points: Points, low: float) -> Series:
    archs, quality, cost = points
    drawn = quality >= low
    x, y = -front.cost.sign * cost[drawn], quantity.sign * quality[drawn]
    words = [f"{name}: {arch}" for arch, on in zip(archs, drawn, strict=True) if on]
    return Series(name, x, y, colour=number, marker=number, words=words, facts=_facts(front, quantity, y, x))


def _facts(
    front: Front, quantity: Quantity, y: np.ndarray, x: np.ndarray
) -> tuple[tuple[str, np.ndarray], ...]:
    return ((quantity.axis, y), (front.cost.words, x))
