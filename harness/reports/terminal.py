"""The report's tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from harness.reports.model import Report, Table

STYLES = {"baseline": "dim", "reference": "yellow", "failed": "red", "method": ""}


WIDE = 150
"""Columns of characters from which a table is shown with all its columns."""


def print_tables(report: Report, console: Console) -> None:
    """Print every table with its caption; on a narrow terminal without the extra columns."""
    for section in report.sections:
        console.print(Text(f"\n{section.task}  {section.space}  {section.label}", style="bold"))
        if section.words:
            console.print(Text(section.words, style="dim"))
        for table in section.tables:
            console.print(_drawn(table, console.width))
            console.print(Text(" ".join(table.caption), style="dim"))


def _drawn(table: Table, width: int) -> RichTable:
    shown = [index for index, column in enumerate(table.columns) if width >= WIDE or not column.extra]
    drawn = RichTable(title=table.title, title_justify="left", title_style="", box=None, pad_edge=False)
    for index in shown:
        numeric = table.columns[index].numeric
        justify, width = ("right", 7) if numeric else ("left", 20)
        drawn.add_column(table.columns[index].title, justify=justify, overflow="fold", min_width=width)
    for row in table.rows:
        cells = (row.cells[index] for index in shown)
        texts = (Text(f"{cell.text}\n{cell.note}" if cell.note else cell.text) for cell in cells)
        drawn.add_row(*texts, style=STYLES[row.kind])
    return drawn
