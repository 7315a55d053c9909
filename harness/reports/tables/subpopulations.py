"""Which architectures count: agreement over distinct networks, over connected ones, over the whole space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.benchmarks import Benchmark
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group, by_population, title_of_set
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import kendall, mean_with_interval
from harness.tasks.arch_correlation import BASELINES

TITLE = "Which architectures count"

SETS = {
    "distinct": (
        Column("τ, distinct", "tau-b over distinct networks with a score"),
        Column("τ, distinct, failures last", "over all distinct networks, those without a score ranked last"),
    ),
    "connected": (
        Column("τ, connected", "tau-b over distinct networks with a path from input to output and a score"),
        Column("τ, connected, failures last", "over all of these, those without a score ranked last"),
    ),
    "all": (
        Column("τ, all", "tau-b over all architectures of the space whose network has a score"),
        Column(
            "τ, all, failures last", "over all whose network was tried, those without a score ranked last"
        ),
    ),
}
"""Sets of architectures and their columns: failures left out, failures ranked last."""

FIRST = Column("Score", "proxy, or trivial baseline", numeric=False)
LAST = Column("Seeds", "runs averaged")

COLUMNS = (FIRST, *(column for columns in SETS.values() for column in columns), LAST)


@dataclass(frozen=True)
class Chosen:
    """Architectures that count: the row of a record each has its score from, and its accuracy."""

    rows: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True)
class Figures:
    """Tau-b over the ``n`` of ``total`` architectures with a score, and over all with the others last.

    ``tied`` of the ``n`` share their score with another.
    """

    kendall: float | None
    kendall_failures_last: float | None
    n: int
    total: int
    tied: int


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table per set of networks that proxies were compared on; none without canonical forms."""
    scored = [group for group in groups if group.results and _told(group)]
    if not scored:
        return ()
    table = lookup.table_of(*groups[0].place[1:])
    blocks = by_population(scored)
    return tuple(
        _table(title_of_set(TITLE, number, len(blocks)), block, table)
        for number, block in enumerate(blocks, 1)
    )


def _told(group: Group) -> bool:
    return {"canonical", "connected"} <= set(group.results[0].architectures)


def chosen(frame: pd.DataFrame, table: Benchmark | None, label: str) -> dict[str, Chosen]:
    """The sets of architectures of a record, by their names in :data:`SETS`.

    Parameters
    ----------
    frame
        The record's ``architectures``.
    table
        The table of its space; ``None`` leaves ``all`` out.
    label
        The record's.
    """
    accuracy = frame["accuracy"].to_numpy(np.float64)
    distinct = np.sort(np.unique(frame["canonical"].to_numpy(str), return_index=True)[1])
    connected = distinct[frame["connected"].to_numpy(bool)[distinct]]
    found = {
        name: Chosen(rows, accuracy[rows])
        for name, rows in (("distinct", distinct), ("connected", connected))
    }
    if table is not None:
        found["all"] = _expanded(
            distinct, lookup.keys(table.space.name, frame["arch"].tolist()), table, label
        )
    return found


def _expanded(distinct: np.ndarray, keys: np.ndarray, table: Benchmark, label: str) -> Chosen:
    """Every architecture that the space lists whose network is one in the rows ``distinct``."""
    listed = dict(zip(table.keys.tolist(), table.classes.tolist(), strict=True))
    rows_of_class = np.full(table.classes.max() + 1, -1)
    for row in distinct.tolist():
        if int(keys[row]) in listed:
            rows_of_class[listed[int(keys[row])]] = row
    members = np.flatnonzero(rows_of_class[table.classes] >= 0)
    return Chosen(rows_of_class[table.classes[members]], table.goodness(table.keys[members], label))


def figures(scores: np.ndarray, those: Chosen) -> Figures:
    """Agreement of a record's scores, NaN where there is none, with the accuracy of ``those``."""
    known = np.isfinite(those.accuracy)
    x, y = scores[those.rows][known], those.accuracy[known]
    ok = np.isfinite(x)
    tau = kendall(x[ok], y[ok])
    failures_last = tau
    if not ok.all():
        last = np.unique(np.where(ok, x, -np.inf), return_inverse=True)[1].astype(np.float64)
        failures_last = kendall(last, y)
    counts = np.unique(x[ok], return_counts=True)[1]
    return Figures(tau, failures_last, int(ok.sum()), len(x), int(counts[counts > 1].sum()))


def _table(title: str, groups: Sequence[Group], table: Benchmark | None) -> Table:
    place = groups[0].run
    why = f"there is no table of {place.space} with this label"
    if table is not None:
        _, why = lookup.of_this_table(groups, table)
        why = why or ("" if table.complete else f"not all of {place.space} are known")
    frames = {id(result.architectures): result.architectures for group in groups for result in group.results}
    sets = {key: chosen(frame, None if why else table, place.label) for key, frame in frames.items()}
    shown = [name for name in SETS if any(_tells(name, each) for each in sets.values())]
    rows = []
    for group in groups:
        scored = [(result.architectures, result.scores) for result in group.results]
        found = [{name: figures(scores, sets[id(frame)][name]) for name in shown} for frame, scores in scored]
        rows.append(_row(wording.method_cell(group, groups), "method", found))
    for column, words_of_it in BASELINES.items():
        frames_of = [result.architectures for result in groups[0].results]
        if column in frames_of[0]:
            found = [
                {name: figures(frame[column].to_numpy(np.float64), sets[id(frame)][name]) for name in shown}
                for frame in frames_of
            ]
            rows.append(_row(Cell(words_of_it, words_of_it, "baseline"), "baseline", found))
    rows.sort(key=lambda row: 2.0 if row.cells[1].sort is None else -float(row.cells[1].sort))
    columns = (FIRST, *(column for name in shown for column in SETS[name]), LAST)
    return Table(title, columns, tuple(rows), _caption(table, shown, why))


def _tells(name: str, sets: Mapping[str, Chosen]) -> bool:
    """Whether this set is there and, but for the distinct networks themselves, is another than these."""
    if name == "connected":
        return len(sets["connected"].rows) < len(sets["distinct"].rows)
    return name in sets


def _row(title: Cell, kind: str, found: Sequence[Mapping[str, Figures]]) -> Row:
    """``found`` is by seed, then by set."""
    cells = [title]
    for name in found[0]:
        each = [figures_of[name] for figures_of in found]
        told = ", ".join(
            (
                f"n {wording.spread(one.n for one in each)}",
                f"{wording.spread(one.tied for one in each)} tied",
                f"{wording.spread(one.total - one.n for one in each)} without a score",
            )
        )
        cells.append(_cell([one.kendall for one in each], told))
        cells.append(
            _cell(
                [one.kendall_failures_last for one in each], f"n {wording.spread(one.total for one in each)}"
            )
        )
    return Row((*cells, Cell(str(len(found)), float(len(found)))), kind)


def _cell(taus: Sequence[float | None], told: str) -> Cell:
    cell = wording.mean_cell(mean_with_interval(taus), 3)
    return Cell(cell.text, cell.sort, ", ".join(filter(None, (told, cell.note))))


def _caption(table: Benchmark | None, shown: Sequence[str], why_not_all: str) -> tuple[str, ...]:
    sentences = [
        "Kendall's τ-b, means ± standard deviations over seeds. Distinct: one architecture of each "
        "isomorphism class, as scored. n: architectures with a score; those without are left out, or "
        "ranked last.",
        "Connected: those with a path from input to output."
        if "connected" in shown
        else "All of them have a path from input to output.",
    ]
    if table is not None and "all" in shown:
        sentences.append(
            f"All: every architecture of these networks among the {len(table.keys):,} that the space "
            "lists, with its own accuracy and its network's score or size, so that a network counts as often "
            "as the space lists it."
        )
    else:
        sentences.append(f"Not over all architectures of the space: {why_not_all}.")
    return tuple(sentences)
