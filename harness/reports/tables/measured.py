"""Truth that was measured here, beside the labels of the table that knows the same architectures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import benchmarks
from harness.benchmarks import Benchmark, Label
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.results import Result
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import kendall, mean_with_interval, spearman

COLUMNS = (
    Column("Label of the table", "a published figure of the same architectures", numeric=False),
    Column("Kendall τ", "tau-b of the accuracies measured here with it"),
    Column("Spearman ρ", "of the accuracies measured here with it"),
    Column("Compared", "architectures that both know"),
    Column("Sets", "of architectures, one per seed"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table, a row for each label of the space's table; none without measured truth, or a table."""
    scored = [group for group in groups if group.results]
    place = groups[0].run
    if not scored or lookup.recipe_of(groups[0]) is None or place.space not in benchmarks.names():
        return ()
    table = benchmarks.load(place.space)
    results = {result.population: result for group in scored for result in group.results}
    rows = [_row(label, table, list(results.values())) for label in table.labels.values()]
    return (Table("The truth measured here beside the table's", COLUMNS, tuple(rows), _caption(groups[0])),)


def _row(label: Label, table: Benchmark, results: Sequence[Result]) -> Row:
    taus, rhos, counts = [], [], []
    for result in results:
        frame = result.architectures
        keys = lookup.keys(table.space.name, frame["arch"].tolist())
        told, own = table.goodness(keys, label.name), frame["accuracy"].to_numpy(np.float64)
        both = np.isfinite(told) & np.isfinite(own)
        taus.append(kendall(own[both], told[both]))
        rhos.append(spearman(own[both], told[both]))
        counts.append(int(both.sum()))
    cells = (
        Cell(label.name, label.name, f"{label.words}, {label.runs}"),
        wording.mean_cell(mean_with_interval(taus), 3),
        wording.mean_cell(mean_with_interval(rhos), 3),
        Cell(wording.spread(counts), float(np.mean(counts))),
        Cell(str(len(results)), float(len(results))),
    )
    return Row(cells, "reference")


def _caption(group: Group) -> tuple[str, ...]:
    return (
        f"How far this section's label ranks as published trainings do: {lookup.label_words(group)}. Nothing "
        "of it was chosen by these figures.",
    )
