"""The trace of a search in two stages: what its first proposal was decided from, and the validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from harness import spaces
from harness.errors import HarnessError
from harness.reports import style, words
from harness.reports.groups import Group
from harness.reports.model import Figure

ACROSS = 3
"""Panels beside each other."""

HEAD, FOOT, GAP, LINE = 0.74, 0.5, 0.62, 0.17
"""Inches above the panels, below them, between two rows of them, and for each candidate."""

VALIDATION = 1.5
"""Inches for the totals of the validation."""


def trace(group: Group, groups: Sequence[Group], label_words: str) -> Figure | None:
    """Scores of the first proposal and validation totals of the group's first seed.

    ``None`` for a search that keeps no operation scores, or on a space that is not installed: how many
    candidates a decision picks is the space's.
    """
    picks = _picks(group.run.space)
    decisions = _decisions(group.rows)
    if picks is None or not decisions or not set(decisions) <= set(picks):
        return None
    totals = group.rows[group.rows["stage"] == "total"]
    proposed = bool((group.rows["stage"] == "proposal").any())
    whose = "scores of the first proposal" if proposed else "scores of the trained supernet"
    place = f"{group.run.space}, {group.run.label}, {words.seeds(group.seeds[:1])}"
    title = " · ".join(filter(None, (group.method, words.own_settings(group, groups))))
    candidates = max(map(len, decisions.values()))
    down = -(-len(decisions) // ACROSS)
    panel = LINE * (candidates + 1)
    extra = GAP + 0.2 + VALIDATION if len(totals) else 0.0
    with style.context():
        figure = style.canvas(7.2, HEAD + down * panel + (down - 1) * GAP + extra + FOOT)
        style.headings(figure, title, (f"{place}: {whose}, decision by decision",))
        for number, (decision, rows) in enumerate(decisions.items()):
            axes = _axes(figure, number % ACROSS, HEAD + number // ACROSS * (panel + GAP), panel)
            _decision(axes, f"{number + 1}. {decision}", rows, picks[decision])
        if len(totals):
            _validation(_axes(figure, None, figure.get_figheight() - FOOT - VALIDATION, VALIDATION), totals)
        png, svg = style.written(figure)
    return Figure(
        name=f"trace-{group.run.space}-{group.run.label}-{group.method}-{group.key[:8]}",
        title=f"{title}: trace",
        caption=_caption(group, label_words, _outcome(totals) if proposed else ""),
        alternative=f"Operation {whose} of {group.method} on {group.run.space}"
        f"{f', and validation totals of {len(totals)} proposals' if proposed else ''}.",
        png=png,
        svg=svg,
    )


def _picks(space: str) -> dict[str, int] | None:
    """By decision how many candidates it picks."""
    try:
        return {decision.name: decision.picks for decision in spaces.load(space).decisions}
    except HarnessError:
        return None


def _decisions(rows: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """The scores that decisions were made from, those of the first proposal, in the order of the decisions.

    None where a decision was made in several rounds.
    """
    if rows is None or "decision" not in rows:
        return {}
    first = rows[
        ((rows["stage"] == "proposal") & (rows["index"] == 0) & rows["decision"].notna())
        | (rows["stage"] == "decision")
    ]
    if first.duplicated(["decision", "candidate"]).any():
        return {}
    return {str(name): own for name, own in first.groupby("decision", sort=False)}


def _axes(figure: Canvas, column: int | None, top: float, height: float) -> Axes:
    """Axes ``top`` inches below the upper edge: one of :data:`ACROSS` columns, or the whole width."""
    share = 1 / ACROSS
    left, right = (0.1, 0.975) if column is None else (column * share + 0.135, (column + 1) * share - 0.02)
    whole = figure.get_figheight()
    return figure.add_axes((left, 1 - (top + height) / whole, right - left, height / whole))


def _decision(axes: Axes, title: str, rows: pd.DataFrame, picks: int) -> None:
    """One dot per candidate; filled those that the decision took: the highest, the first of equals."""
    scores = rows["score"].to_numpy(np.float64)
    taken = np.argsort(-scores, kind="stable")[:picks]  # a missing score is last
    heights = np.arange(len(rows))[::-1]
    shared = {"s": 26, "color": style.COLOURS[0], "clip_on": False, "zorder": 3}
    axes.scatter(scores, heights, facecolors=style.PAPER, linewidths=1.1, **shared)
    axes.scatter(scores[taken], heights[taken], linewidths=1.1, **shared)
    for height, score in zip(heights, scores, strict=True):
        if not np.isfinite(score):
            axes.annotate(
                "no score", (0.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=7
            )
    axes.set_title(title, fontsize=8.5, loc="left")
    axes.set_yticks(heights, rows["candidate"], fontsize=7)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.locator_params(axis="x", nbins=4)
    axes.margins(x=0.08)
    axes.tick_params(axis="x", labelsize=7)
    axes.xaxis.get_offset_text().set_fontsize(7)


def _validation(axes: Axes, totals: pd.DataFrame) -> None:
    """Totals by the number of the proposal; filled the highest."""
    scores, numbers = totals["score"].to_numpy(np.float64), totals["index"].to_numpy(np.int64) + 1
    shared = {"s": 30, "color": style.COLOURS[1], "zorder": 3}
    axes.scatter(numbers, scores, facecolors=style.PAPER, linewidths=1.1, **shared)
    if np.isfinite(scores).any():
        best = int(np.nanargmax(scores))
        axes.scatter(numbers[best], scores[best], linewidths=1.1, **shared)
    axes.set_title("Validation: total score of every distinct proposal", fontsize=8.5, loc="left")
    axes.set_xlabel("proposal")
    axes.set_xlim(0.5, numbers.max() + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _outcome(totals: pd.DataFrame) -> str:
    """What became of the proposals."""
    if len(totals):
        return (
            f"Every decision has a batch of its own. Then validation: {len(totals)} distinct proposals, "
            "lost ones without a point. "
        )
    return "Every decision has a batch of its own. With one distinct proposal there was nothing to validate. "


def _caption(group: Group, label_words: str, outcome: str) -> str:
    first = group.results[0]
    settings = ", ".join(f"{key}={words.setting(value)}" for key, value in sorted(group.settings.items()))
    return (
        f"Label {group.run.label}{f' ({label_words})' if label_words else ''}; "
        f"{words.seeds(group.seeds[:1])}, which found {first.statistics.get('arch')} "
        f"({words.number(first.numbers.get('accuracy'), 2)} %). Numbers before the names: the order of the "
        "decisions; filled: what was chosen; every decision has an axis of its own. "
        f"{outcome}Settings: {settings or 'none'}."
    )
