"""What methods that look figures up found, beside the best of all that they looked up."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import mean_with_interval


def tables(groups: Sequence[Group], quantity: Quantity) -> tuple[Table, ...]:
    """Searches that did not return the best that they had looked up; no table without one."""
    told = [group for group in groups if group.results and known(group)]
    if not told:
        return ()
    seen = "of the one with the best figure that it was told, in the seeds where that is another"
    heads = (
        Column("Searcher", "what searches", numeric=False),
        *judged_columns(quantity, ("Found", "of what it returned"), seen),
        Column("Seeds apart", "in which the two are different architectures"),
        Column("Seeds", "runs averaged"),
    )
    rows = tuple(
        Row(
            (
                wording.method_cell(group, groups),
                wording.mean_cell(quantity.stat(group.stat("accuracy")), quantity.digits),
                wording.mean_cell(group.stat("rank"), 0, whole=True),
                *judged(group, "best_seen", quantity),
                Cell(str(apart := group.stat("best_seen.accuracy")["n"]), float(apart)),
                wording.seeds_cell(group),
            )
        )
        for group in told
    )
    return (Table("Found, and best seen", heads, rows, ("Means ± standard deviations over seeds.",)),)


def labels(groups: Sequence[Group]) -> tuple[str, ...]:
    """What ``groups`` that are told figures searched on, and what is reported; nothing without any."""
    names = {group.settings.get("search_label.name", group.run.label) for group in groups}
    if not names:
        return ()
    own = groups[0].run.label
    if names == {own}:
        return (f"Searched on and reported: {own}, the very same figures; search_label names another one.",)
    return (f"Searched on: {', '.join(sorted(map(str, names)))}; reported: {own}.",)


def known(group: Group) -> bool:
    """Whether it says what the best was of all that were looked up."""
    return bool(group.stat("best_seen.accuracy")["n"])


def judged_columns(quantity: Quantity, answer: tuple[str, str], seen: str) -> tuple[Column, ...]:
    """Figure and rank of the ``answer``, by its title and its meaning, and of the best that was ``seen``."""
    title, words = answer
    return (
        Column(f"{title}: {quantity.axis}", words, lower_first=quantity.lower_first),
        Column("Rank", "of it, among all architectures of the space", lower_first=True),
        Column(f"Best seen: {quantity.axis}", seen, lower_first=quantity.lower_first),
        Column("Rank seen", "of that one", lower_first=True),
    )


def judged(group: Group, name: str, quantity: Quantity) -> tuple[Cell, Cell]:
    """Accuracy and rank of what the records call ``name``."""
    accuracies, ranks = (
        [value for value in group.values(f"{name}.{each}") if value is not None]
        for each in ("accuracy", "rank")
    )
    if not accuracies:
        return Cell(wording.NONE), Cell(wording.NONE)
    return (
        wording.mean_cell(quantity.stat(mean_with_interval(accuracies)), quantity.digits),
        wording.mean_cell(mean_with_interval(ranks), 0, whole=True),
    )
