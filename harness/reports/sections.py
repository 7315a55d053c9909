"""From groups to sections: one per task, space and label, and the published figures beside them.

A task's tables are made by the module of its name in :mod:`harness.reports.tables`, ``tables(groups)``; where
it has charts, by that in :mod:`harness.reports.charts`, ``charts(groups, label_words)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from types import ModuleType

from harness import aggregations, benchmarks, registry, tasks
from harness.errors import HarnessError
from harness.processes.helpers import ALONE, Helpers
from harness.records import method_parts
from harness.reports import charts as charts_by_task
from harness.reports import tables as tables_by_task
from harness.reports.analysis import fronts, lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.published import compare
from harness.reports.charts import fronts as front_charts
from harness.reports.charts.ranks import ranks
from harness.reports.findings.over_spaces import over_spaces
from harness.reports.findings.summaries import summaries
from harness.reports.model import Section, Summary
from harness.reports.tables import cards, matrix, overall, published, restoration, standing_in
from harness.reports.tables import fronts as front_tables

OTHERS = {
    "overall": "Over all spaces",
    "published": "Published beside measured",
    "proxies": "The proxies",
}
"""Headings of what is said of several tasks or places."""

SECONDS = 0.0012
"""Describing a record takes about so long."""


def headings() -> dict[str, str]:
    """By kind of section, in the order of the page: those of the tasks by name, then the others."""
    return {name: tasks.load(name).title for name in tasks.names()} | OTHERS


def build_sections(
    groups: Sequence[Group], costs: Sequence[str] = (), helpers: Helpers = ALONE
) -> tuple[Section, ...]:
    """All sections, in the order of :func:`headings`, then by space and label.

    Accuracy is drawn against ``costs``, names of :func:`harness.benchmarks.objectives`, or against the usual
    ones. ``helpers`` make some of them.
    """
    ordered = sorted(
        (group for group in groups if group.run.task in tasks.names()),
        key=lambda group: (group.place, group.method, group.key),
    )
    places = [list(members) for _, members in groupby(ordered, lambda group: group.place)]
    seconds = SECONDS * sum(len(group.results) for group in ordered)
    sections = helpers.begin(partial(_making, costs), places, seconds).finish()
    sections += _over_spaces(groups)
    for (space, label), pairs in compare(groups).items():
        table = published.table(pairs)
        sections.append(Section("published", space, label, label_words(space, label), (table,), ()))
    described = cards.table(_proxies(ordered))
    if described is not None:
        sections.append(Section("proxies", "all", "definitions", "", (described,), ()))
    return tuple(sections)


def _over_spaces(groups: Sequence[Group]) -> list[Section]:
    """By task all spaces side by side, and the average ranks over spaces and seeds."""
    matrices = {each.task.name: each for each in matrix.matrices(groups)}
    standings = {each.task: each for each in overall.standings(groups)}
    found = []
    for task in tasks.names():
        tables = [matrix.table(matrices[task])] if task in matrices else []
        tables += [overall.table(standings[task])] if task in standings else []
        charts = (ranks(standings[task]),) if task in standings else ()
        if tables:
            found.append(Section("overall", "all", task, "", tuple(tables), charts))
    return found


def build_summaries(groups: Sequence[Group]) -> tuple[Summary, ...]:
    """What is said first: over all spaces where there are several, then of every space and label."""
    return (*over_spaces(groups), *summaries(groups))


def _proxies(groups: Sequence[Group]) -> list[str]:
    """The proxies that the methods of ``groups`` read, and those that population proxies rank, sorted."""
    known = {*registry.names(cards.PROXIES), *aggregations.names()}
    named = {part for group in groups for part in method_parts(group.method, known)}
    ranked = {part for group in groups for part in group.run.settings.get("of", ())}
    scored = {group.method for group in groups if tasks.load(group.run.task).group == "proxy"}
    return sorted((named & known) | ranked | scored)


def _making(costs: Sequence[str]) -> Callable[[list[Group]], Section]:
    return lambda groups: _section(groups, costs)


def _section(groups: list[Group], costs: Sequence[str]) -> Section:
    task, space, label = groups[0].place
    words = lookup.label_words(groups[0])
    maker, drawer = (_module(package, task) for package in (tables_by_task, charts_by_task))
    tables = maker.tables(groups) if maker else ()
    charts = drawer.charts(groups, words) if drawer else ()
    beside = fronts.fronts(groups, costs) if task == "search" else ()
    tables += (*(front_tables.table(front) for front in beside), *standing_in.tables(beside))
    charts += tuple(front_charts.chart(front, words) for front in beside)
    return Section(task, space, label, words, tables, charts, restoration.galleries(groups))


def _module(package: ModuleType, task: str) -> ModuleType | None:
    name = package.__name__
    return registry.load(name, task, "task") if task in registry.names(name) else None


def label_words(space: str, label: str) -> str:
    """What a label means, from the table's manifest; empty where there is no such table any more."""
    try:
        found = benchmarks.load(space).label(label)
    except HarnessError:
        return ""
    return ", ".join(filter(None, (found.dataset, found.words, found.runs)))
