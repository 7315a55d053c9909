"""From groups to sections: one per task, space and label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harness import tables as accuracy_tables
from harness.errors import HarnessError
from harness.reports import arch_tables, figures, op_tables, scatter, search_tables
from harness.reports.groups import Group
from harness.reports.model import Figure, Section

TASKS = {
    "arch_correlation": "Architectures: zero-cost proxies against trained accuracy",
    "op_correlation": "Operations: scores of the untrained supernet against accuracy by operation",
    "search": "Search: the architectures found",
}
"""Headings, in the order of the page."""


def build_sections(groups: Sequence[Group]) -> tuple[Section, ...]:
    """All sections, by task in the order of :data:`TASKS`, then space and label."""
    order = {task: number for number, task in enumerate(TASKS)}
    ordered = sorted(
        (group for group in groups if group.run.task in TASKS),
        key=lambda group: (order[group.run.task], group.place, group.method, group.key),
    )
    return tuple(_section(list(members)) for _, members in groupby(ordered, lambda group: group.place))


def _section(groups: list[Group]) -> Section:
    task, space, label = groups[0].place
    words = label_words(space, label)
    modules = {"arch_correlation": arch_tables, "op_correlation": op_tables, "search": search_tables}
    return Section(task, space, label, words, modules[task].tables(groups), _figures(task, groups, words))


def _figures(task: str, groups: list[Group], words: str) -> tuple[Figure, ...]:
    if task == "arch_correlation":
        drawn = [group for group in groups if group.rows is not None]
        drawn.sort(key=lambda group: -(group.stat("score.kendall")["mean"] or -2.0))
        return tuple(scatter.scatter(group, groups, words) for group in drawn)
    one = (figures.progress if task == "op_correlation" else figures.found)(groups, words)
    return () if one is None else (one,)


def label_words(space: str, label: str) -> str:
    """What a label means, from the table's manifest; empty where there is no such table any more."""
    try:
        found = accuracy_tables.load(space).label(label)
    except HarnessError:
        return ""
    return f"{found.dataset}, {found.split} split, {found.epochs} epochs, {found.runs}"
