"""The matrix as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness import benchmarks
from harness.benchmarks import COUNTS, StoredTable
from harness.files import write_texts
from harness.matrix.judged import PROXIES, SCORERS, Judged, Place, places, title_of
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import collect
from harness.stats import Kendall, kendall_interval

FILES = ("matrix.md", "matrix.csv")

FIELDS = (
    "task", "space", "label", "dataset", "own", "method", "kind", "n", "kendall", "low", "high", "baseline",
    "difference", "difference_low", "difference_high", "verdict",
)  # fmt: skip

MARKS = {"ahead": " ▲", "behind": " ▽"}
"""Behind the tau of a method that is ahead of, or behind, the best trivial baseline."""

MISLEADS = 0.2
"""Where neither parameters nor multiply-adds have this tau with a label, size is said to mislead."""


def write_matrix(results: Path, output: Path) -> tuple[Path, ...]:
    """Write the matrix of all records below ``results`` to ``output`` and return the files' paths.

    Raises
    ------
    ResultsError
        Without records that can be judged, for damaged ones, or where ``output`` cannot be written.
    """
    found = places(collect(results))
    texts = dict(zip(FILES, (markdown(found), numbers_csv(found)), strict=True))
    return write_texts("The matrix", output, texts)


def markdown(found: Sequence[Place]) -> str:
    """What was scored, where size misleads, a table for every task and one for spaces of several labels."""
    lines = [
        "# The matrix",
        "",
        "Every score once, judged by every label of its space: Kendall's τ-b, higher is better. Costs are "
        "negated, so that a positive τ prefers cheap networks. ▲ and ▽: the 95 % interval of the difference "
        "to the best trivial baseline (parameters, FLOPs, non-identity operations) on the same "
        "architectures, paired over these, lies above or below 0. No number: undefined, or the same for all. "
        "`matrix.csv` has every label, with intervals: of 100 architectures some 0.13 to either side. Of "
        "many cells a few are marked by chance: nothing is corrected for their number.",
        "",
        "## What was scored",
        "",
        *_scored(found),
        "",
        "`harness bench --space SPACE --preset matrix` makes these records (`harness space=SPACE "
        "experiment=matrix` the proxies' alone), and `harness matrix` this page of them. Networks smaller "
        "than the benchmark's own (`fidelity` tiny or small) say less of a proxy than the benchmark's.",
        "",
        "## Where size misleads",
        "",
        *_size(found),
        "",
    ]
    for task, note in ((PROXIES, _PROXIES), (SCORERS, _SCORERS)):
        own = [place for place in found if place.task == task]
        if own:
            lines += [f"## {title_of(task)}", "", note, "", *_side_by_side(own), ""]
        for place in own:
            if len(place.shown) > 1:
                lines += [f"### {place.space}", "", *_of_space(place), ""]
    return "\n".join([*lines, wording.provenance([group for place in found for group in place.groups]), ""])


_PROXIES = (
    "By the label under which each space was scored. Ceiling: τ between trainings of the same architectures, "
    "or a published one, where there is one."
)
_SCORERS = (
    "Operations of the initial supernet against the best figure of the architectures that have them: mean τ "
    "over decisions. Oracles know the label they were made for."
)


def _scored(found: Sequence[Place]) -> list[str]:
    lines = [
        "| space | task | scored as for | methods | n | fidelity | batch | input | seeds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for place in found:
        counts = [float(row.kendall.n) for row in place.rows if row.label.name == place.own]
        seeds = sorted({seed for group in place.groups for seed in group.seeds})
        unit = " decisions" * (place.task == SCORERS)
        cells = (
            place.space, place.task, place.own, str(len(place.groups)), wording.spread(counts) + unit,
            place.settings("fidelity"), place.settings("batch_size"), place.settings("input.name"),
            wording.seeds(seeds),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _size(found: Sequence[Place]) -> list[str]:
    """Tau of the counts over all architectures of every space, and who is ahead of the best baseline."""
    lines = [
        f"Over all architectures of a space, whatever was scored; **bold** where neither count reaches "
        f"{MISLEADS}. Ahead and behind: how many proxies are, of the best trivial baseline.",
        "",
        "| space, label | parameters | multiply-adds | proxies ahead | behind | best proxy |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for place in found:
        table = lookup.table_of(place.space, place.own)
        if place.task != PROXIES or not isinstance(table, StoredTable):
            continue
        for label in place.shown:
            taus = _counts(table, label.name)
            known = [tau.tau for tau in taus if tau.tau is not None]
            misleads = known and max(known) < MISLEADS
            name = f"{place.space}, {label.name}"
            proxies = [row for row in place.rows if row.label == label and row.kind == "method"]
            verdicts = [row.verdict for row in proxies]
            best = max(
                proxies, key=lambda row: -2.0 if row.kendall.tau is None else row.kendall.tau, default=None
            )
            cells = (
                f"**{name}**" if misleads else name, *map(_with_ends, taus), str(verdicts.count("ahead")),
                str(verdicts.count("behind")), "" if best is None else f"{best.method} {_tau(best.kendall)}",
            )  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _counts(table: StoredTable, label: str) -> list[Kendall]:
    truth = table.goodness(table.keys, label)
    return [kendall_interval(benchmarks.figures(table, table.keys, name), truth) for name in COUNTS]


def _side_by_side(found: Sequence[Place]) -> list[str]:
    columns = {
        place.space: {row.method: row for row in place.rows if row.label.name == place.own} for place in found
    }
    head = [f"{place.space}: {place.own}" for place in found]
    ceilings = [place.ceilings.get(place.own) for place in found]
    return _table(head, list(columns.values()), ceilings)


def _of_space(place: Place) -> list[str]:
    columns = [{row.method: row for row in place.rows if row.label == label} for label in place.shown]
    ceilings = [place.ceilings.get(label.name) for label in place.shown]
    return _table([label.name for label in place.shown], columns, ceilings)


def _table(
    head: Sequence[str], columns: Sequence[dict[str, Judged]], ceilings: Sequence[float | None]
) -> list[str]:
    """Baselines, the ceiling, then the methods by falling mean tau."""
    rows: dict[str, Judged] = {}
    for column in columns:
        rows |= column
    means = {
        name: np.mean([_or_lowest(column[name].kendall.tau) for column in columns if name in column])
        for name in rows
    }
    ordered = sorted(rows, key=lambda name: (rows[name].kind != "baseline", -means[name], name))
    lines = [f"| | {' | '.join(head)} |", "|---|" + "---:|" * len(head)]
    for name in ordered:
        cells = [_cell(column.get(name)) for column in columns]
        note = {"baseline": " (baseline)", "reference": " (oracle)"}.get(rows[name].kind, "")
        lines.append(f"| {name}{note} | {' | '.join(cells)} |")
    if any(ceiling is not None for ceiling in ceilings):
        told = [wording.number(ceiling, 2) for ceiling in ceilings]
        lines.insert(2, f"| ceiling | {' | '.join(told)} |")
    return lines


def _cell(row: Judged | None) -> str:
    return wording.NONE if row is None else f"{_tau(row.kendall)}{MARKS.get(row.verdict, '')}"


def _tau(found: Kendall) -> str:
    return wording.number(found.tau, 2)


def _with_ends(found: Kendall) -> str:
    if found.low is None or found.high is None:
        return _tau(found)
    return f"{_tau(found)} ({wording.number(found.low, 2)} to {wording.number(found.high, 2)})"


def _or_lowest(tau: float | None) -> float:
    return -2.0 if tau is None else tau


def numbers_csv(found: Sequence[Place]) -> str:
    """One line per method, space and label, at full precision."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(FIELDS)
    for place in found:
        for row in place.rows:
            tau, ahead = row.kendall, row.ahead
            difference = (None, None, None) if ahead is None else (ahead.value, ahead.low, ahead.high)
            writer.writerow(
                [
                    row.task, row.space, row.label.name, row.label.dataset, row.own, row.method, row.kind,
                    tau.n, *map(_digits, (tau.tau, tau.low, tau.high)), row.baseline,
                    *map(_digits, difference), row.verdict,
                ]
            )  # fmt: skip
    return buffer.getvalue()


def _digits(value: float | None) -> str:
    """Six digits: far more than a tau of some hundred architectures has."""
    return "" if value is None else f"{value:.6f}"
