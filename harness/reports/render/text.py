"""The report as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Section, Table
from harness.reports.sections import headings

FIELDS = (
    "task", "space", "label", "method", "group", "statistic", "mean", "sd", "low", "high", "n", "undefined",
    "seeds", "failed_seeds", "settings",
)  # fmt: skip


def markdown(
    title: str, summary: str, provenance: str, sections: Sequence[Section], formats: Sequence[str]
) -> str:
    """Tables, their captions, and the figures beside the file where one of ``formats`` can be shown."""
    shown = next((kind for kind in ("svg", "png") if kind in formats), None)
    lines = [f"# {title}", "", summary, ""]
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
