"""Tables of ``shrink``: what every shrinker leaves of the space."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import mean_with_interval


def columns(quantity: Quantity) -> tuple[Column, ...]:
    """In the words of the label."""
    unit, lower = (f", {quantity.unit}" if quantity.unit else ""), quantity.lower_first
    return (
        Column("Shrinker", "what shrinks the space", numeric=False),
        Column(
            f"Best left{unit}",
            f"{quantity.highest} {quantity.metric} among the architectures left",
            lower_first=lower,
        ),
        Column(f"Mean left{unit}", f"their mean {quantity.metric}", lower_first=lower),
        Column("Top 1 % left, %", "of the best 1 % of the space's architectures, those that are left"),
        Column("Architectures left", f"of those whose {quantity.metric} is known"),
        Column("Candidates left", "of all decisions together", extra=True),
        Column("Steps", "in which the space was shrunk", extra=True),
        Column("Seeds", "runs averaged"),
    )


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table: after the last step, with the whole space at its head."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: _or_lowest(group.stat("last.best")["mean"]), reverse=True)
    quantity = quantity_of(*groups[0].place[1:])
    heads = columns(quantity)
    rows = [Row(_cells(group, "last", wording.method_cell(group, groups), quantity)) for group in scored]
    if scored:
        whole = Cell("whole space", "whole space")
        rows.insert(0, Row(_cells(scored[0], "steps.0", whole, quantity), "reference"))
    rows += wording.rows_of_failed(groups, heads)
    return (Table("What is left after the last step", heads, tuple(rows), _caption(groups, scored)),)


def _or_lowest(value: float | None) -> float:
    return -inf if value is None else value


def _cells(group: Group, step: str, title: Cell, quantity: Quantity) -> tuple[Cell, ...]:
    counts = ("architectures", "candidates")
    top = [None if share is None else 100 * share for share in group.values(f"{step}.top")]
    numbers = [0] if step != "last" else [result.statistics["last"]["step"] for result in group.results]
    return (
        title,
        wording.mean_cell(quantity.stat(group.stat(f"{step}.best")), quantity.digits),
        wording.mean_cell(quantity.stat(group.stat(f"{step}.mean")), quantity.digits),
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
        *lookup.truth_sentence(scored),
        wording.settings_sentence(groups),
    )
