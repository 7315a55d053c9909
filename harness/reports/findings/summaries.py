"""What a report says first: one summary for every space and label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from harness import registry, tasks
from harness.reports import findings
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.findings import search
from harness.reports.findings.architectures import drawings
from harness.reports.findings.asked import asked
from harness.reports.findings.chart import chart
from harness.reports.findings.following import following
from harness.reports.findings.limits import limits
from harness.reports.model import Finding, Summary


def summaries(groups: Sequence[Group]) -> tuple[Summary, ...]:
    """One for each space and label."""
    known = [group for group in groups if group.run.task in tasks.names()]
    ordered = sorted(known, key=lambda group: (group.place[1:], group.method, group.key))
    return tuple(_summary(list(members)) for _, members in groupby(ordered, lambda group: group.place[1:]))


def _summary(groups: Sequence[Group]) -> Summary:
    space, label = groups[0].place[1:]
    label_words = lookup.label_words(groups[0])
    quantity = quantity_of(space, label)
    return Summary(
        name=f"found-on-{space}-{label}",
        title=f"{space}, {label}",
        asked=asked(groups, label_words),
        found=tuple(_found(groups, quantity)),
        limits=limits(groups),
        chart=chart(groups, quantity, label_words),
        drawings=drawings(groups, quantity),
        following=following(groups, _telling(groups)),
    )


def _found(groups: Sequence[Group], quantity: Quantity) -> Iterator[Finding]:
    """One finding for every task that has one, by the module of its name here."""
    for name in tasks.names():
        members = [group for group in groups if group.run.task == name]
        if members and name in registry.names(findings.__name__):
            anchor = "-".join(members[0].place)
            found = registry.load(findings.__name__, name, "task").finding(members, quantity, anchor)
            if found is not None:
                yield found


def _telling(groups: Sequence[Group]) -> list[Group]:
    """The method whose seeds matter most: that of the search that is told of first."""
    best = search.best_of([group for group in groups if group.run.task == "search"])
    return [] if best is None else [best]
