"""The scatter of one proxy's scores against accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import rankdata

from harness.reports import style, words
from harness.reports.arch_tables import ceiling_sentence
from harness.reports.groups import Group
from harness.reports.model import Figure

CUT_FROM = 4.0
"""The score axis is cut where its range is this many times that of the middle 98 % of the scores."""

RANKED_FROM = 25.0
"""Ranks stand for scores where the middle 98 % spans this many times the middle 50 %."""


def scatter(group: Group, groups: Sequence[Group], label_words: str) -> Figure:
    """One proxy's scores against the accuracy, of the group's first seed."""
    rows = group.rows
    ok = (rows["status"] == "ok") & np.isfinite(rows["score"]) & np.isfinite(rows["accuracy"])
    x, y = (rows.loc[ok, name].to_numpy(np.float64) for name in ("score", "accuracy"))
    numbers = "    ".join(
        f"{sign} {words.mean_cell(group.stat(f'score.{name}'), 3).text}"
        for sign, name in (("τ", "kendall"), ("ρ", "spearman"))
    )
    scored = " / ".join(words.spread(group.values(f"score.{key}")) for key in ("n", "n_total"))
    title = " · ".join(filter(None, (group.method, words.own_settings(group, groups))))
    with style.context():
        figure = style.canvas(3.8, 3.4)
        place = f"{group.run.space}, {group.run.label}, {words.seeds(group.seeds)}"
        style.headings(figure, title, (place, f"{numbers}    n {scored}"))
        axes = style.axes(figure, 0.14, 0.975, top=0.82)
        remark = _draw(axes, x, y, group.method)
        axes.set_ylabel("accuracy, %")
        png, svg = style.written(figure)
    return Figure(
        name=f"scatter-{group.run.space}-{group.run.label}-{group.method}-{group.key[:8]}",
        title=title,
        caption=_caption(group, label_words, remark),
        alternative=f"{group.method} score against accuracy on {group.run.space}: {numbers}, n {scored}.",
        png=png,
        svg=svg,
    )


def _draw(axes: Axes, x: np.ndarray, y: np.ndarray, method: str) -> str:
    """Draw the points; the answer is what the caption has to say about the score axis."""
    many = len(x) > 3000
    shared = {"s": 14 if len(x) <= 300 else 3 if many else 8, "alpha": 0.25 if many else 0.55}
    shared |= {"linewidths": 0, "rasterized": True, "color": style.COLOURS[0]}
    low, high, ranked = _limits(x)
    axes.set_xlabel(f"{method} score{', ranked from the lowest' if ranked else ''}")
    if ranked:
        axes.scatter(rankdata(x), y, **shared)
        return " The scores span too many magnitudes for an axis, so their ranks are drawn."
    inside = (x >= low) & (x <= high)
    axes.scatter(x[inside], y[inside], **shared)
    if inside.all():
        return ""
    for edge, beyond, marker in ((low, x < low, "<"), (high, x > high, ">")):
        if beyond.any():
            axes.scatter(np.full(beyond.sum(), edge), y[beyond], marker=marker, **shared)
    return f" {words.number((~inside).sum(), 0)} beyond the score axis stand at its edge as triangles."


def _limits(x: np.ndarray) -> tuple[float, float, bool]:
    """Ends of the score axis, and whether ranks have to stand for scores."""
    if len(x) < 50:
        return -np.inf, np.inf, False
    low, quarter, three_quarters, high = np.quantile(x, [0.01, 0.25, 0.75, 0.99], method="nearest")
    if high - low > RANKED_FROM * (three_quarters - quarter) > 0:
        return -np.inf, np.inf, True
    if high == low or np.ptp(x) <= CUT_FROM * (high - low):
        return -np.inf, np.inf, False
    margin = 0.25 * (high - low)
    return float(low - margin), float(high + margin), False


def _caption(group: Group, label_words: str, remark: str) -> str:
    first = group.results[0]
    lost = ", ".join(f"{words.number(n, 0)} {status}" for status, n in sorted(first.failures.items()))
    left_out = f"with {lost} left out" if lost else "none left out"
    averaged = f"τ and ρ: {'mean ± s.d. over ' if len(group.seeds) > 1 else ''}{words.seeds(group.seeds)}"
    ties = words.spread(group.values("score.ties_in_scores"))
    settings = ", ".join(f"{key}={words.setting(value)}" for key, value in sorted(group.settings.items()))
    return (
        f"Label {group.run.label}{f' ({label_words})' if label_words else ''}. "
        f"Points: {words.seeds(group.seeds[:1])}, {left_out}.{remark} {averaged}; {ties} tied scores. "
        f"{ceiling_sentence(group)} Settings: {settings or 'none'}."
    )
