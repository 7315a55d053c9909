"""Tables of the architectures that shrinking comes to, and of what searches find in the space left."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import best_seen

PLACES = ("left", "whole", "whole_at_total")


def tables(scored: Sequence[Group], groups: Sequence[Group], quantity: Quantity) -> tuple[Table, ...]:
    """Those that there is something to say in; ``scored`` are the rows' groups, in their order."""
    return (*_derived(scored, groups, quantity), *_searched(scored, groups, quantity))


def _derived(scored: Sequence[Group], groups: Sequence[Group], quantity: Quantity) -> tuple[Table, ...]:
    told = [group for group in scored if group.stat("derived.accuracy")["n"] or best_seen.known(group)]
    if not told:
        return ()
    asking = [group for group in told if best_seen.known(group)]
    heads = (
        Column("Shrinker", "what shrinks the space", numeric=False),
        *best_seen.judged_columns(
            quantity,
            ("Derived", "of the one architecture that the last step leaves"),
            "of the one with the best figure that the shrinker was told",
        ),
        Column("Queries", "trained figures that the shrinker was told", lower_first=True),
        Column("Seeds", "runs averaged"),
    )
    rows = tuple(
        Row(
            (
                wording.method_cell(group, groups),
                *best_seen.judged(group, "derived", quantity),
                *best_seen.judged(group, "best_seen", quantity),
                wording.mean_cell(group.stat("last.queries"), 0, whole=True),
                wording.seeds_cell(group),
            ),
            "method" if best_seen.known(group) else "baseline",
        )
        for group in told
    )
    return (Table("Derived, and best seen", heads, rows, (" ".join((*best_seen.labels(asking), _DERIVED)),)),)


_DERIVED = (
    "Means ± standard deviations over seeds. Derived is what the last step leaves, where that is one "
    "architecture. Best seen is the best of all that were looked up, by the figures that were told."
)


def _searched(scored: Sequence[Group], groups: Sequence[Group], quantity: Quantity) -> tuple[Table, ...]:
    heads = (
        Column("Shrinker", "what shrinks the space", numeric=False),
        Column("Searcher", "that was run afterwards", numeric=False),
        *(
            Column(title, f"{quantity.axis} found {words}", lower_first=quantity.lower_first)
            for title, words in (
                ("In the space left", "there"),
                ("In the whole space", "there with the same budget"),
                ("Whole, all queries", "there with what the shrinker was told on top of the budget"),
            )
        ),
        Column("Queries", "of the search in the space left", lower_first=True),
        Column("Shrinker's queries", "paid before", lower_first=True),
        Column("Seeds", "runs averaged"),
    )
    rows = [
        Row(
            (
                wording.method_cell(group, groups),
                Cell(searcher, searcher),
                *(_found(group, f"found.{searcher}.{place}.accuracy", quantity) for place in PLACES),
                wording.mean_cell(group.stat(f"found.{searcher}.left.queries"), 0, whole=True),
                wording.mean_cell(group.stat("last.queries"), 0, whole=True),
                wording.seeds_cell(group),
            )
        )
        for group in scored
        for searcher in dict.fromkeys(
            name for each in group.results for name in each.statistics.get("found", {})
        )
    ]
    if not rows:
        return ()
    return (Table("What searches find in the space left", heads, tuple(rows), (_SEARCHED,)),)


def _found(group: Group, name: str, quantity: Quantity) -> Cell:
    stat = group.stat(name)
    return wording.mean_cell(quantity.stat(stat), quantity.digits) if stat["n"] else Cell(wording.NONE)


_SEARCHED = (
    "Means ± standard deviations over seeds, under the label of this section. A search has the same seed and "
    "budget in the space left and in the whole one; the last comparison also gives the whole space what the "
    "shrinker had paid. A small space may have fewer networks than the budget."
)
