"""The trace of a search in two stages: what its first proposal was decided from, and the validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness import spaces
from harness.errors import HarnessError
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import quantity_of
from harness.reports.charts.chart import Chart, Panel, Series

HEIGHT, LINE = 0.75, 0.17
"""Inches of a panel besides its candidates, and of each candidate."""


def trace(group: Group, groups: Sequence[Group], label_words: str) -> Chart | None:
    """Scores of the first proposal and validation totals of the group's first seed.

    ``None`` for a search that keeps no operation scores, or on a space that is not installed: how many
    candidates a decision picks is the space's.
    """
    picks = _picks(group.run.space)
    decisions = _decisions(group.rows)
    if picks is None or group.rows is None or not decisions or not set(decisions) <= set(picks):
        return None
    totals = group.rows[group.rows["stage"] == "total"]
    proposed = bool((group.rows["stage"] == "proposal").any())
    whose = "scores of the first proposal" if proposed else "scores of the trained supernet"
    place = f"{group.run.space}, {group.run.label}, {wording.seeds(group.seeds[:1])}"
    title = wording.title(group, groups)
    panels = [
        _decision(f"{number}. {decision}", rows, picks[decision])
        for number, (decision, rows) in enumerate(decisions.items(), 1)
    ]
    if len(totals):
        panels.append(_validation(totals))
    return Chart(
        name=f"trace-{group.run.space}-{group.run.label}-{group.method}-{group.key[:8]}",
        kind="Traces of the searches",
        title=title,
        lines=(f"{place}: {whose}, decision by decision",),
        caption=_caption(group, label_words, _outcome(totals) if proposed else ""),
        alternative=f"Operation {whose} of {group.method} on {group.run.space}"
        f"{f', and validation totals of {len(totals)} proposals' if proposed else ''}.",
        panels=tuple(panels),
        columns=3,
        size=(2.5, HEIGHT + LINE * max(map(len, decisions.values()))),
        records=group.records[:1],
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


def _decision(title: str, rows: pd.DataFrame, picks: int) -> Panel:
    """One dot per candidate; filled those that the decision took: the highest, the first of equals."""
    scores = rows["score"].to_numpy(np.float64)
    taken = np.isin(np.arange(len(rows)), np.argsort(-scores, kind="stable")[:picks])  # missing ones last
    names = rows["candidate"].astype(str).to_numpy()
    heights = np.arange(len(rows))
    return Panel(
        tuple(
            Series("", scores[part], heights[part], hollow=hollow, words=tuple(names[part]))
            for part, hollow in ((taken, False), (~taken, True))
        ),
        title=title,
        y_names=tuple(
            name if np.isfinite(score) else f"{name} (no score)"
            for name, score in zip(names, scores, strict=True)
        ),
    )


def _validation(totals: pd.DataFrame) -> Panel:
    """Totals by the number of the proposal; filled the highest."""
    scores, numbers = totals["score"].to_numpy(np.float64), totals["index"].to_numpy(np.int64) + 1
    best = np.zeros(len(totals), dtype=bool)
    if np.isfinite(scores).any():
        best[int(np.nanargmax(scores))] = True
    return Panel(
        tuple(
            Series(
                "", numbers[part], scores[part], colour=1, hollow=hollow,
                words=tuple(f"proposal {number}" for number in numbers[part]),
            )
            for part, hollow in ((best, False), (~best, True))
        ),
        title="Validation: totals",
        x_title="proposal",
        whole=True,
    )  # fmt: skip


def _outcome(totals: pd.DataFrame) -> str:
    """What became of the proposals."""
    if len(totals):
        return (
            f"Every decision has a batch of its own. Then validation: {len(totals)} distinct proposals and "
            "their total scores, lost ones without a point. "
        )
    return "Every decision has a batch of its own. With one distinct proposal there was nothing to validate. "


def _caption(group: Group, label_words: str, outcome: str) -> str:
    first = group.results[0]
    accuracy = quantity_of(*group.place[1:]).text(first.numbers.get("accuracy"))
    return (
        f"{wording.label_sentence(group, label_words)[:-1]}; "
        f"{wording.seeds(group.seeds[:1])}, which found {first.statistics.get('arch')} "
        f"({accuracy}). Numbers before the names: the order of the decisions; filled: what was "
        "chosen; every decision has an axis of its own. "
        f"{outcome}{wording.all_settings(group)}"
    )
