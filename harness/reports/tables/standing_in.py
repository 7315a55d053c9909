"""How well parameters and multiply-adds stand in for the costs that are drawn, and for accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import benchmarks
from harness.benchmarks import COUNTS, StoredTable
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.fronts import Front
from harness.reports.model import Bar, Cell, Column, Row, Table
from harness.stats import kendall_interval


def tables(fronts: Sequence[Front]) -> tuple[Table, ...]:
    """Tau of every cost drawn with the counts among them and with the label; none for fewer than 2 costs."""
    if len(fronts) < 2:
        return ()
    space, label = fronts[0].space, fronts[0].label
    table = lookup.table_of(space, label)
    assert isinstance(table, StoredTable), "the fronts are of one"
    counts = [front.cost.name for front in fronts if front.cost.name in COUNTS]
    others = [*counts, label]
    figures = {
        name: benchmarks.figures(table, table.keys, name)
        for name in dict.fromkeys([*(front.cost.name for front in fronts), *others])
    }
    columns = (
        Column("Cost", "as drawn above", numeric=False),
        *(Column(f"τ with {name}", "and its 95 % interval over architectures") for name in others),
        Column("Architectures", "known in both", extra=True),
    )
    rows = []
    for front in fronts:
        own = figures[front.cost.name]
        cells = [_cell(own, figures[name], name == front.cost.name) for name in others]
        known = int(np.isfinite(own).sum())
        first = Cell(front.cost.name, front.cost.name, front.cost.words)
        rows.append(Row((first, *cells, Cell(f"{known:,}", float(known)))))
    return (Table("How well one cost stands in for another", columns, tuple(rows), _caption(space)),)


def _cell(own: np.ndarray, other: np.ndarray, same: bool) -> Cell:
    found = kendall_interval(own, other)
    if same or found.tau is None:
        return Cell(wording.NONE)
    if found.low is None or found.high is None:
        return Cell(wording.number(found.tau, 3), found.tau)
    ends = f"{wording.number(found.low, 3)} to {wording.number(found.high, 3)}"
    return Cell(wording.number(found.tau, 3), found.tau, ends, Bar(found.tau, found.low, found.high))


def _caption(space: str) -> tuple[str, ...]:
    return (
        "Kendall's τ-b of the figures of all architectures that the benchmark knows, none of them negated: a "
        "positive τ of a cost with an accuracy says that dearer networks are the more accurate ones. "
        f"Intervals are large-sample ones. All costs of the space: `harness tables costs {space}`.",
    )
