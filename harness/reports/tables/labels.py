"""The same scores against other labels: every label that the table has for the records' dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.benchmarks import Benchmark, Label
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group, by_population, title_of_set
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import kendall, mean_with_interval
from harness.tasks.arch_correlation import BASELINES

TITLE = "The same scores against other labels"

SHOWN = 4
"""Labels whose columns are shown first."""

FIRST = Column("Score", "proxy, or trivial baseline", numeric=False)

LAST = (
    Column("Scored", "architectures with a valid score / all", extra=True),
    Column("Tied", "scored architectures that share their score", lower_first=True, extra=True),
    Column("Seeds", "runs averaged"),
)


@dataclass(frozen=True)
class Line:
    """One row: tau-b by label and seed, ``None`` where undefined, and how many architectures it is over.

    ``name`` tells it from all other rows; ``scored`` of ``total`` architectures have a score, and ``tied`` of
    them share theirs, by seed.
    """

    name: str
    kind: str
    title: Cell
    taus: Mapping[str, Sequence[float | None]]
    compared: Mapping[str, Sequence[int]]
    scored: Sequence[int]
    total: Sequence[int]
    tied: Sequence[int]

    def stat(self, label: str) -> dict[str, Any]:
        """Mean and spread of tau over the seeds."""
        return mean_with_interval(self.taus[label])


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table per set of architectures; none where the table holds no further label of this dataset."""
    scored = [group for group in groups if group.results]
    place = groups[0].run
    table = lookup.table_of(place.space, place.label)
    if not scored or table is None:
        return ()
    labels = labels_of_dataset(table, place.label)
    if len(labels) < 2:
        return ()
    members, others = lookup.of_this_table(scored, table)
    left_out = f"Left out, run them again: {others}." if others else ""
    blocks = by_population(members) or [[]]
    return tuple(
        _table(title_of_set(TITLE, number, len(blocks)), lines(block, table, labels), labels, left_out)
        for number, block in enumerate(blocks, 1)
    )


def labels_of_dataset(table: Benchmark, own: str) -> tuple[Label, ...]:
    """The label ``own``, then the table's others of the same dataset and metric: accuracies, or latencies."""
    first = table.label(own)
    others = (label for label in table.labels.values() if label.name != own)
    alike = (first.dataset, first.metric)
    return (first, *(label for label in others if (label.dataset, label.metric) == alike))


def lines(groups: Sequence[Group], table: Benchmark, labels: Sequence[Label]) -> list[Line]:
    """Every proxy and baseline against every label, by falling tau with the first, the records' own."""
    truths: dict[int, dict[str, np.ndarray]] = {}
    for group in groups:
        for result in group.results:
            truths.setdefault(id(result.architectures), _truths(result.architectures, table, labels))
    found = []
    for group in groups:
        columns = [(result.architectures, result.scores) for result in group.results]
        name = wording.title(group, groups)
        found.append(_line(name, "method", wording.method_cell(group, groups), columns, truths))
    for name, title in BASELINES.items():
        if groups and name in groups[0].results[0].architectures:
            frames = [result.architectures for result in groups[0].results]
            columns = [(frame, frame[name].to_numpy(np.float64)) for frame in frames]
            found.append(_line(title, "baseline", Cell(title, title, "baseline"), columns, truths))
    own = labels[0].name
    return sorted(found, key=lambda line: -_or_lowest(line.stat(own)["mean"]))


def _truths(frame: pd.DataFrame, table: Benchmark, labels: Sequence[Label]) -> dict[str, np.ndarray]:
    keys = lookup.keys(table.space.name, frame["arch"].tolist())
    own, *others = (label.name for label in labels)
    looked_up = {label: table.goodness(keys, label) for label in others}
    return {own: frame["accuracy"].to_numpy(np.float64), **looked_up}


def _line(
    name: str,
    kind: str,
    title: Cell,
    columns: Sequence[tuple[pd.DataFrame, np.ndarray]],
    truths: Mapping[int, Mapping[str, np.ndarray]],
) -> Line:
    taus: dict[str, list[float | None]] = {}
    compared: dict[str, list[int]] = {}
    for frame, scores in columns:
        for label, truth in truths[id(frame)].items():
            both = np.isfinite(scores) & np.isfinite(truth)
            taus.setdefault(label, []).append(kendall(scores[both], truth[both]))
            compared.setdefault(label, []).append(int(both.sum()))
    valid = [scores[np.isfinite(scores)] for _, scores in columns]
    counts = [np.unique(scores, return_counts=True)[1] for scores in valid]
    return Line(
        name,
        kind,
        title,
        taus,
        compared,
        scored=[len(scores) for scores in valid],
        total=[len(scores) for _, scores in columns],
        tied=[int(count[count > 1].sum()) for count in counts],
    )


def _or_lowest(value: float | None) -> float:
    return -2.0 if value is None else value


def best_proxies(found: Sequence[Line], label: str) -> tuple[str, ...]:
    """Names of the proxies with the highest mean tau; none where fewer than 2 have one."""
    means = {line.name: line.stat(label)["mean"] for line in found if line.kind == "method"}
    known = {name: mean for name, mean in means.items() if mean is not None}
    return tuple(name for name, mean in known.items() if len(known) > 1 and mean == max(known.values()))


def _table(title: str, found: Sequence[Line], labels: Sequence[Label], left_out: str) -> Table:
    best = {label.name: best_proxies(found, label.name) for label in labels}
    columns = [
        Column(
            f"{_short(label)}{' (own)' if label is labels[0] else ''}",
            f"tau-b; {_meaning(label)}",
            extra=number >= SHOWN,
        )
        for number, label in enumerate(labels)
    ]
    rows = [
        Row(
            (
                line.title,
                *(_cell(line, label.name, line.name in best[label.name]) for label in labels),
                Cell(
                    f"{wording.spread(line.scored)} / {wording.spread(line.total)}",
                    float(np.mean(line.scored)),
                ),
                Cell(wording.spread(line.tied), float(np.mean(line.tied))),
                Cell(str(len(line.scored)), float(len(line.scored))),
            ),
            line.kind,
        )
        for line in found
    ]
    return Table(title, (FIRST, *columns, *LAST), tuple(rows), _caption(labels, best, left_out))


def _short(label: Label) -> str:
    return label.name.removeprefix(f"{label.dataset}_")


def _meaning(label: Label) -> str:
    return f"{label.words}, {label.runs}"


def _cell(line: Line, label: str, best: bool) -> Cell:
    cell = wording.mean_cell(line.stat(label), 3)
    notes = ("best proxy" if best else "", f"n {wording.spread(line.compared[label])}", cell.note)
    return Cell(cell.text, cell.sort, ", ".join(filter(None, notes)))


def _caption(labels: Sequence[Label], best: Mapping[str, tuple[str, ...]], left_out: str) -> tuple[str, ...]:
    own = labels[0]
    meanings = [f"{label.name}: {_meaning(label)}" for label in labels]
    return tuple(
        filter(
            None,
            (
                f"Kendall's τ-b of the very same scores with every label of {own.dataset} that the table "
                f"holds, first with {own.name}, this section's own; means ± standard deviations over seeds. "
                "n: architectures compared; those without a score, or without the run that a label names, "
                "are left out.",
                _winners(labels, best),
                f"{'. '.join(meanings)}.",
                left_out,
            ),
        )
    )


def _winners(labels: Sequence[Label], best: Mapping[str, tuple[str, ...]]) -> str:
    """Whether the best proxy is another with another label."""
    won: dict[tuple[str, ...], list[str]] = {}
    for label in labels:
        if best[label.name]:
            won.setdefault(best[label.name], []).append(_short(label))
    if not won:
        return ""
    if len(won) == 1:
        return f"The best proxy is {_names(*won)} whatever the label."
    parts = [
        f"{_names(names)} with {', '.join(each) if len(each) < 4 else f'{len(each)} labels'}"
        for names, each in won.items()
    ]
    return f"The best proxy hangs on the label: {'; '.join(parts)}."


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)
