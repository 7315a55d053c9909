"""Published test errors of a space beside what was found on it here, never in one column."""

from __future__ import annotations

from collections.abc import Sequence

from harness.published.errors import PublishedError, of_space
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table

COLUMNS = (
    Column("Method", "as published, or the searcher that ran here", numeric=False),
    Column("Data set", "of the error, or of the accuracy found here", numeric=False),
    Column("Published test error, %", "of fully trained networks, ± as published", lower_first=True),
    Column("Published parameters, M", "of these networks"),
    Column("Accuracy here, %", "of what was found here, by this section's label; mean over seeds"),
    Column("Parameters here, M", "of what was found here, as a network of the size that is published"),
    Column("Source", "where the error stands, or how the accuracy was come by", numeric=False),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table; none where nothing is published of the space, or no run succeeded."""
    scored = [group for group in groups if group.results]
    place = groups[0].run
    published = of_space(place.space)
    if not scored or not published:
        return ()
    label = lookup.label_of(groups[0])
    dataset = label.dataset if label else ""
    same = tuple(each for each in published if each.dataset == dataset)
    rows = [*(_found(group, groups, dataset) for group in scored), *map(_published, same or published)]
    title = f"Published test errors of {place.space} beside what was found here"
    return (Table(title, COLUMNS, tuple(rows), _caption(groups[0], dataset, bool(same))),)


def _published(each: PublishedError) -> Row:
    error = wording.number(each.error, 2)
    if each.sd is not None:
        error += f" ± {wording.number(each.sd, 2)}"
    size = Cell(wording.number(each.params_millions, 1), each.params_millions)
    cells = (
        Cell(each.method, each.method),
        Cell(each.dataset, each.dataset),
        Cell(error, each.error),
        size,
        Cell(""),
        Cell(""),
        Cell(each.source, each.source, each.note),
    )
    return Row(cells, "reference")


def _found(group: Group, groups: Sequence[Group], dataset: str) -> Row:
    sizes = [value / 1e6 for value in group.values("published_size_params") if value is not None]
    cells = (
        wording.method_cell(group, groups),
        Cell(dataset or wording.NONE, dataset),
        Cell(""),
        Cell(""),
        wording.mean_cell(group.stat("accuracy"), 2),
        Cell(wording.spread_of(sizes), sum(sizes) / len(sizes) if sizes else None),
        Cell(lookup.origin_words(group), None, wording.seeds(group.seeds)),
    )
    return Row(cells)


def _caption(group: Group, dataset: str, same: bool) -> tuple[str, ...]:
    which = f"on {dataset}" if same else f"of this space on any data set: none is published on {dataset}"
    return (
        f"Published: {which}, from networks that others trained in full; on S1 to S4 recipes differ, so "
        "compare within one source there. A source that is called notes is second hand.",
        f"Accuracies here are no such figures and share no column with them: {lookup.label_words(group)}.",
    )
