"""Tables of ``shrink``: what every shrinker leaves, what that comes to, and what is found there."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import shrink_found, shrink_told, training
from harness.stats import mean_with_interval

PAID = ("queries", "scores", "epochs")
SHARES = ("top", "top_10")


def columns(quantity: Quantity) -> tuple[Column, ...]:
    """Of the table of what is left, in the words of the label."""
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
        Column("Top 10 left, %", "of its ten best architectures"),
        Column(
            "Best candidates left",
            f"decisions that still have a candidate of the best {quantity.metric}",
        ),
        Column(
            "Rank dropped",
            f"mean true rank of those dropped among all candidates, by mean {quantity.metric}: the higher "
            "the better",
        ),
        Column("Architectures left", f"of those whose {quantity.metric} is known"),
        Column("Candidates left", "of all decisions together", extra=True),
        Column("Queries", "trained figures that the shrinker was told", lower_first=True),
        Column("Scores", "measured on networks and supernets", lower_first=True, extra=True),
        Column("Epochs", "that a supernet was trained for", lower_first=True, extra=True),
        Column("Steps", "in which the space was shrunk", extra=True),
        Column("Seeds", "runs averaged"),
    )


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """After the last step with the whole space at its head, what this comes to, and trained supernets."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: _or_lowest(group.stat("last.best")["mean"]), reverse=True)
    quantity = quantity_of(*groups[0].place[1:])
    heads = columns(quantity)
    rows = [
        Row(
            _cells(group, "last", wording.method_cell(group, groups), quantity),
            "method" if paid(group) else "baseline",
        )
        for group in scored
    ]
    if scored:
        whole = Cell("whole space", "whole space")
        rows.insert(0, Row(_cells(scored[0], "steps.0", whole, quantity), "reference"))
    rows += wording.rows_of_failed(groups, heads)
    left = Table("What is left after the last step", heads, tuple(rows), _caption(groups, scored))
    return (
        left,
        *shrink_told.tables(scored, groups, quantity),
        *shrink_found.tables(scored, groups, quantity),
        *training.tables(groups),
    )


def paid(group: Group) -> bool:
    """Whether anything was asked for or measured: controls, and the oracle, pay nothing."""
    return any(group.stat(f"last.{name}")["mean"] for name in PAID)


def _or_lowest(value: float | None) -> float:
    return -inf if value is None else value


def _cells(group: Group, step: str, title: Cell, quantity: Quantity) -> tuple[Cell, ...]:
    numbers = [0] if step != "last" else [result.statistics["last"]["step"] for result in group.results]

    def whole(name: str) -> Cell:
        stat = group.stat(f"{step}.{name}")
        return wording.mean_cell(stat, 0, whole=True) if stat["n"] else Cell(wording.NONE)

    def share(name: str) -> Cell:
        values = [None if value is None else 100 * value for value in group.values(f"{step}.{name}")]
        stat = mean_with_interval(values)
        return wording.mean_cell(stat, 1) if stat["n"] else Cell(wording.NONE)

    dropped = group.stat(f"{step}.dropped_rank")
    return (
        title,
        wording.mean_cell(quantity.stat(group.stat(f"{step}.best")), quantity.digits),
        wording.mean_cell(quantity.stat(group.stat(f"{step}.mean")), quantity.digits),
        *map(share, SHARES),
        whole("best_candidates"),
        wording.mean_cell(dropped, 1) if dropped["n"] else Cell(wording.NONE),
        whole("architectures"),
        whole("candidates"),
        *map(whole, PAID),
        Cell(wording.spread(numbers), float(max(numbers))),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    oracle = any(group.method == "oracle" for group in scored)
    return (
        "Means ± standard deviations over seeds. An architecture is left where every candidate it has is. A "
        "smaller space is easier to search and holds less: compare shrinkers that leave about as many.",
        *(("oracle reads the truth itself: an upper line, and no method.",) if oracle else ()),
        *lookup.truth_sentence(scored),
        wording.settings_sentence(groups),
    )
