"""From groups to sections: one per task, space and label, and the published figures beside them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harness import aggregations, benchmarks, registry
from harness.errors import HarnessError
from harness.records import method_parts
from harness.reports.analysis.groups import Group
from harness.reports.analysis.published import compare
from harness.reports.charts import figures, scatter, trace
from harness.reports.charts.chart import Chart
from harness.reports.charts.comparisons import comparisons
from harness.reports.model import Section
from harness.reports.tables import (
    arch_correlation,
    cards,
    labels,
    op_correlation,
    overall,
    published,
    search,
    subpopulations,
    training,
)

TASKS = {
    "arch_correlation": "Architectures: zero-cost proxies against trained accuracy",
    "op_correlation": "Operations: scores of the supernet against accuracy by operation",
    "search": "Search: the architectures found",
    "overall": "Over all spaces",
    "published": "Published beside measured",
    "proxies": "The proxies",
}
"""Headings, in the order of the page."""


def build_sections(groups: Sequence[Group]) -> tuple[Section, ...]:
    """All sections, by task in the order of :data:`TASKS`, then space and label."""
    order = {task: number for number, task in enumerate(TASKS)}
    ordered = sorted(
        (group for group in groups if group.run.task in TASKS),
        key=lambda group: (order[group.run.task], group.place, group.method, group.key),
    )
    sections = [_section(list(members)) for _, members in groupby(ordered, lambda group: group.place)]
    for standing in overall.standings(groups):
        table = overall.table(standing)
        sections.append(Section("overall", "all", standing.task, "", (table,), (figures.ranks(standing),)))
    for (space, label), pairs in compare(groups).items():
        table = published.table(pairs)
        sections.append(Section("published", space, label, label_words(space, label), (table,), ()))
    described = cards.table(_proxies(ordered))
    if described is not None:
        sections.append(Section("proxies", "all", "definitions", "", (described,), ()))
    return tuple(sections)


def _proxies(groups: Sequence[Group]) -> list[str]:
    """The proxies that the methods of ``groups`` read, and those that population proxies rank, sorted."""
    known = {*registry.names(cards.PROXIES), *aggregations.names()}
    named = {part for group in groups for part in method_parts(group.method, known)}
    ranked = {part for group in groups for part in group.run.settings.get("of", ())}
    scored = {group.method for group in groups if group.run.task == "arch_correlation"}
    return sorted((named & known) | ranked | scored)


def _section(groups: list[Group]) -> Section:
    task, space, label = groups[0].place
    words = label_words(space, label)
    modules = {"arch_correlation": arch_correlation, "op_correlation": op_correlation, "search": search}
    tables = modules[task].tables(groups) + training.tables(groups)
    if task == "arch_correlation":
        tables += subpopulations.tables(groups) + labels.tables(groups)
    return Section(task, space, label, words, tables, _charts(task, groups, words))


def _charts(task: str, groups: list[Group], words: str) -> tuple[Chart, ...]:
    if task == "arch_correlation":
        scored = [group for group in groups if group.results]
        scored.sort(key=lambda group: -(group.stat("score.kendall")["mean"] or -2.0))
        return (*comparisons(groups, words), *(scatter.scatter(group, groups, words) for group in scored))
    if task == "op_correlation":
        drawn = [figures.progress(groups, words)]
    else:
        drawn = [figures.found(groups, words), *(trace.trace(group, groups, words) for group in groups)]
    drawn.append(training.curves(groups, words))
    return tuple(chart for chart in drawn if chart is not None)


def label_words(space: str, label: str) -> str:
    """What a label means, from the table's manifest; empty where there is no such table any more."""
    try:
        found = benchmarks.load(space).label(label)
    except HarnessError:
        return ""
    return f"{found.dataset}, {found.words}, {found.runs}"
