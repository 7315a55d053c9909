"""Tables of ``shrink``: what every shrinker leaves of the space."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import mean_with_interval

COLUMNS = (
    Column("Shrinker", "what shrinks the space", numeric=False),
    Column("Best left, %", "highest accuracy among the architectures left"),
    Column("Mean left, %", "their mean accuracy"),
    Column("Top 1 % left, %", "of the best 1 % of the space's architectures, those that are left"),
    Column("Architectures left", "of those whose accuracy is known"),
    Column("Candidates left", "of all decisions together", extra=True),
    Column("Steps", "in which the space was shrunk", extra=True),
    Column("Seeds", "runs averaged"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table: after the last step, with the whole space at its head."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: -(group.stat("last.best")["mean"] or 0.0))
    rows = [Row(_cells(group, "last", wording.method_cell(group, groups))) for group in scored]
    if scored:
        rows.insert(0, Row(_cells(scored[0], "steps.0", Cell("whole space", "whole space")), "reference"))
    rows += wording.rows_of_failed(groups, COLUMNS)
    return (Table("What is left after the last step", COLUMNS, tuple(rows), _caption(groups, scored)),)


def _cells(group: Group, step: str, title: Cell) -> tuple[Cell, ...]:
    counts = ("architectures", "candidates")
    top = [None if share is None else 100 * share for share in group.values(f"{step}.top")]
    numbers = [0] if step != "last" else [result.statistics["last"]["step"] for result in group.results]
    return (
        title,
        wording.mean_cell(group.stat(f"{step}.best"), 2),
        wording.mean_cell(group.stat(f"{step}.mean"), 2),
        wording.mean_cell(mean_with_interval(top), 1),
        *(wording.mean_cell(group.stat(f"{step}.{name}"), 0, whole=True) for name in counts),
        Cell(wording.spread(numbers), float(max(numbers))),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    return (
        "Means ± standard deviations over seeds. An architecture is left where every candidate it has is. A "
        "smaller space is easier to search and holds less: compare shrinkers that leave about as many.",
        wording.settings_sentence(groups),
    )
