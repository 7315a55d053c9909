"""The scatter of one proxy's scores against accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import stats
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.charts.chart import Chart, Panel, Series
from harness.reports.tables.arch_correlation import ceiling_sentence

CUT_FROM = 4.0
"""The score axis is cut where its range is this many times that of the middle 98 % of the scores."""

RANKED_FROM = 25.0
"""Ranks stand for scores where the middle 98 % spans this many times the middle 50 %."""


def scatter(
    group: Group, groups: Sequence[Group], label_words: str, quantity: Quantity | None = None
) -> Chart:
    """One proxy's scores against the accuracy, of the group's first seed."""
    first = group.results[0]
    accuracy = first.architectures["accuracy"].to_numpy(np.float64)
    ok = np.isfinite(first.scores) & np.isfinite(accuracy)
    x, y = first.scores[ok], accuracy[ok]
    numbers = "    ".join(
        f"{sign} {wording.mean_cell(group.stat(f'score.{name}'), 3).text}"
        for sign, name in (("τ", "kendall"), ("ρ", "spearman"))
    )
    scored = " / ".join(wording.spread(group.values(f"score.{key}")) for key in ("n", "n_total"))
    title = wording.title(group, groups)
    quantity = quantity or quantity_of(group.run.space, group.run.label)
    place = f"{group.run.space}, {group.run.label}, {wording.seeds(group.seeds)}"
    limits, ranked = _limits(x)
    ranks = stats.ranks(x)
    series = Series(
        "",
        ranks if ranked else x,
        quantity.sign * y,
        words=tuple(first.architectures["arch"][ok].astype(str)),
        facts=(
            ("score", x),
            ("rank by score", stats.ranks(-x)),
            (quantity.axis, quantity.sign * y),
            (f"rank by {quantity.metric}", stats.ranks(-y)),
        ),
    )
    axis = f"{group.method} score{', ranked from the lowest' if ranked else ''}"
    return Chart(
        name=f"scatter-{group.run.space}-{group.run.label}-{group.method}-{group.key[:8]}",
        kind="Scores against accuracy",
        title=title,
        lines=(place, f"{numbers}    n {scored}"),
        caption=_caption(group, label_words, _remark(x, limits, ranked)),
        alternative=f"{group.method} score against {quantity.metric} on {group.run.space}: {numbers}, "
        f"n {scored}.",
        panels=(Panel((series,), x_title=axis, y_title=quantity.axis, x_range=limits),),
        size=(4.6, 3.2),
        records=group.records,
    )


def _remark(x: np.ndarray, limits: tuple[float, float] | None, ranked: bool) -> str:
    """What the caption has to say about the score axis."""
    if ranked:
        return " The scores span too many magnitudes for an axis, so their ranks are drawn."
    beyond = 0 if limits is None else int(((x < limits[0]) | (x > limits[1])).sum())
    return f" {wording.number(beyond, 0)} lie beyond the score axis; in print they stand at its ends." * (
        beyond > 0
    )


def _limits(x: np.ndarray) -> tuple[tuple[float, float] | None, bool]:
    """Ends of the score axis where it is cut, and whether ranks have to stand for scores."""
    if len(x) < 50:
        return None, False
    low, quarter, three_quarters, high = np.quantile(x, [0.01, 0.25, 0.75, 0.99], method="nearest")
    if high - low > RANKED_FROM * (three_quarters - quarter) > 0:
        return None, True
    if high == low or np.ptp(x) <= CUT_FROM * (high - low):
        return None, False
    margin = 0.25 * (high - low)
    return (float(low - margin), float(high + margin)), False


def _caption(group: Group, label_words: str, remark: str) -> str:
    first = group.results[0]
    lost = ", ".join(f"{wording.number(n, 0)} {status}" for status, n in sorted(first.failures.items()))
    left_out = f"with {lost} left out" if lost else "none left out"
    averaged = f"τ and ρ: {'mean ± s.d. over ' if len(group.seeds) > 1 else ''}{wording.seeds(group.seeds)}"
    ties = wording.spread(group.values("score.ties_in_scores"))
    return (
        f"{wording.label_sentence(group, label_words)} "
        f"Points: {wording.seeds(group.seeds[:1])}, {left_out}.{remark} {averaged}; {ties} tied scores. "
        f"{ceiling_sentence(group)} {wording.all_settings(group)}"
    )
