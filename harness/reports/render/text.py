"""The report as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Section, Summary, Table
from harness.reports.render.names import named_tables
from harness.reports.sections import headings

FIELDS = (
    "task", "space", "label", "method", "group", "statistic", "mean", "sd", "low", "high", "n", "undefined",
    "seeds", "failed_seeds", "settings",
)  # fmt: skip


def markdown(
    title: str,
    summary: str,
    provenance: str,
    sections: Sequence[Section],
    formats: Sequence[str],
    summaries: Sequence[Summary] = (),
) -> str:
    """What is said first, tables with captions, and the figures beside the file where one can be shown."""
    shown = next((kind for kind in ("svg", "png") if kind in formats), None)
    lines = [f"# {title}", "", summary, ""]
    for first in summaries:
        lines += [*summary_lines(first), ""]
    for task, heading in headings().items():
        members = [section for section in sections if section.task == task]
        if members:
            lines += [f"## {heading}", ""]
        for section in members:
            lines += [f"### {section.space}, {section.label}", ""]
            if section.words:
                lines += [f"{section.words[0].upper()}{section.words[1:]}.", ""]
            for table in section.tables:
                lines += [*table_lines(table), ""]
            for chart in section.charts if shown else ():
                lines += [f"![{chart.alternative}](figures/{chart.name}.{shown})", "", chart.caption, ""]
    return "\n".join([*lines, provenance, ""])


def summary_lines(summary: Summary) -> list[str]:
    """What was asked and found, what the numbers do not support, and what to run next."""
    lines = [f"## What was found: {summary.title}", ""]
    lines += [f"- {term}: {value}" for term, value in summary.asked]
    for finding in summary.found:
        lines += ["", f"**{finding.headline}** {' '.join(finding.support)} ({finding.basis}.)"]
    if summary.limits:
        lines += ["", "What these numbers do not support:", "", *(f"- {each}" for each in summary.limits)]
    if summary.following:
        lines += ["", "What to run next:", ""]
        lines += [f"- {words}: `{command}`" for words, command in summary.following]
    return lines


def table_lines(table: Table) -> list[str]:
    """Title, table and caption as lines of Markdown."""
    head = "| " + " | ".join(_escaped(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else "---" for column in table.columns) + "|"
    rows = ["| " + " | ".join(map(_cell, row.cells)) + " |" for row in table.rows]
    return [f"**{table.title}**", "", head, rule, *rows, "", " ".join(table.caption)]


def _cell(cell: Cell) -> str:
    return _escaped(f"{cell.text} ({cell.note})" if cell.note else cell.text)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def tables_csv(sections: Sequence[Section]) -> dict[str, str]:
    """By file name every table as CSV: its cells as they read, and behind them full numbers and notes."""
    return {f"{stem}.csv": _table_csv(table) for stem, _, table in named_tables(sections)}


def _table_csv(table: Table) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    numeric = [
        index
        for index, column in enumerate(table.columns)
        if column.numeric and any(isinstance(row.cells[index].sort, float) for row in table.rows)
    ]
    titles = [column.title for column in table.columns]
    writer.writerow([*titles, "note", *(f"{titles[index]} (number)" for index in numeric)])
    for row in table.rows:
        numbers = ["" if (value := row.cells[index].sort) is None else value for index in numeric]
        writer.writerow([*(cell.text for cell in row.cells), row.cells[0].note, *numbers])
    return buffer.getvalue()


def numbers_csv(groups: Sequence[Group]) -> str:
    """CSV: one line per group and statistic, every number of the records at full precision.

    ``mean``, ``sd`` and the 95 % t interval ``low`` to ``high`` are over the ``n`` seeds where the
    statistic is defined; ``undefined`` counts the others.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS, lineterminator="\n")
    writer.writeheader()
    for group in groups:
        shared = {
            "task": group.run.task, "space": group.run.space, "label": group.run.label,
            "method": group.method, "group": group.key,
            "seeds": " ".join(map(str, group.seeds)),
            "failed_seeds": " ".join(map(str, sorted(group.failed))),
            "settings": json.dumps(group.run.settings, sort_keys=True),
        }  # fmt: skip
        names = dict.fromkeys(name for result in group.results for name in result.numbers)
        for name in names:
            writer.writerow({**shared, "statistic": name, **group.stat(name)})
        if not names:
            writer.writerow({**shared, "n": 0})
    return buffer.getvalue()
