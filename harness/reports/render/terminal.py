"""The report's tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from harness.reports.model import Report, Table

STYLES = {"baseline": "dim", "reference": "yellow", "failed": "red", "method": ""}


def print_tables(report: Report, console: Console) -> None:
    """Print every table with its caption; columns that do not fit the terminal are left out and counted.

    The many published figures and the definitions of the proxies are for the written report.
    """
    for section in report.sections:
        if section.task in ("published", "proxies"):
            continue
        console.print(Text(f"\n{section.task}  {section.space}  {section.label}", style="bold"))
        if section.words:
            console.print(Text(section.words, style="dim"))
        for table in section.tables:
            shown = _fitting(table, console.width)
            console.print(_drawn(table, shown))
            hidden = len(table.columns) - len(shown)
            left_out = (
                f" Not shown for want of width: {hidden} of {len(table.columns)} columns." if hidden else ""
            )
            console.print(Text(" ".join(table.caption) + left_out, style="dim"))


def _fitting(table: Table, width: int) -> list[int]:
    """Columns to show: the extra ones go first, then those further right, never the first two."""
    shown = list(range(len(table.columns)))
    while len(shown) > 2 and sum(_width(table, index) + 2 for index in shown) - 1 > width:
        shown.remove(max(shown[2:], key=lambda index: (table.columns[index].extra, index)))
    return shown


def _width(table: Table, index: int) -> int:
    if index == 0:
        return max(len(row.cells[0].text) for row in table.rows)
    lines = [line for row in table.rows for line in (row.cells[index].text, row.cells[index].note)]
    return max(len(text) for text in (*lines, table.columns[index].title))


def _drawn(table: Table, shown: list[int]) -> RichTable:
    drawn = RichTable(title=table.title, title_justify="left", title_style="", box=None, pad_edge=False)
    for index in shown:
        numeric = table.columns[index].numeric
        drawn.add_column(
            table.columns[index].title,
            justify="right" if numeric else "left",
            no_wrap=numeric,
            min_width=_width(table, 0) if index == 0 else None,
        )
    for row in table.rows:
        cells = (row.cells[index] for index in shown)
        texts = (Text(f"{cell.text}\n{cell.note}" if cell.note else cell.text) for cell in cells)
        drawn.add_row(*texts, style=STYLES[row.kind])
    return drawn
