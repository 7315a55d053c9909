"""What a report is made of, before it is written as a page, as text or on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.reports.charts.chart import Chart
from harness.spaces import Diagram


@dataclass(frozen=True)
class Column:
    """A column of a table.

    ``words`` says what it holds, ``lower_first`` which way it is sorted first, ``extra`` that a narrow
    terminal goes without it before all others.
    """

    title: str
    words: str = ""
    numeric: bool = True
    lower_first: bool = False
    extra: bool = False


@dataclass(frozen=True)
class Bar:
    """A value with its interval, drawn on a scale that all bars of a column share."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Cell:
    """What is read, what is sorted by, a smaller second line, a bar, and the records behind it by seed."""

    text: str
    sort: float | str | None = None
    note: str = ""
    bar: Bar | None = None
    records: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of a table; ``kind`` is method, baseline, reference or failed."""

    cells: tuple[Cell, ...]
    kind: str = "method"


@dataclass(frozen=True)
class Table:
    """Columns, rows, and the sentences that say what the numbers rest on.

    ``mark`` is a value the bars are compared with (a ceiling), ``None`` where there is none.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: tuple[str, ...]
    mark: float | None = None


@dataclass(frozen=True)
class Picture:
    """An image as a record holds it (``height``, ``width``, ``rgb`` in base64), and what is said below it."""

    title: str
    words: str
    pixels: Mapping[str, Any]


@dataclass(frozen=True)
class Gallery:
    """Images side by side."""

    title: str
    words: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Section:
    """All about one task, space and label."""

    task: str
    space: str
    label: str
    words: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    galleries: tuple[Gallery, ...] = ()

    @property
    def anchor(self) -> str:
        """Its address within the page."""
        return f"{self.task}-{self.space}-{self.label}"

    @property
    def kinds(self) -> dict[str, list[Chart]]:
        """Charts by their kind."""
        found: dict[str, list[Chart]] = {}
        for chart in self.charts:
            found.setdefault(chart.kind, []).append(chart)
        return found


@dataclass(frozen=True)
class Finding:
    """What the records of one task say: a sentence, those that support it, and what they rest on.

    ``anchor`` is the address of the section that has more.
    """

    heading: str
    headline: str
    support: tuple[str, ...]
    basis: str
    anchor: str


@dataclass(frozen=True)
class Drawing:
    """An architecture with its string, what is known of it, and how it is drawn.

    ``colours`` are the classes of its operations, by name.
    """

    title: str
    words: str
    arch: str
    diagrams: tuple[Diagram, ...]
    colours: Mapping[str, str]


@dataclass(frozen=True)
class Summary:
    """What a report says first of one space and label, or of several.

    Attributes
    ----------
    name, title
        Its address within the page, and its heading.
    asked
        What was asked: terms and their values.
    found
        What the records say, task by task.
    limits
        What the numbers do not support.
    chart
        That which carries it; ``None`` where there is nothing to draw.
    drawings
        The architecture found, and the best one.
    following
        What to run next: why, and a command.
    """

    name: str
    title: str
    asked: tuple[tuple[str, str], ...]
    found: tuple[Finding, ...]
    limits: tuple[str, ...]
    chart: Chart | None
    drawings: tuple[Drawing, ...] = ()
    following: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Report:
    """``paths`` by what they are (``page``, ``markdown``, ...), the sections, and what is said first."""

    paths: Mapping[str, Path]
    sections: tuple[Section, ...]
    summaries: tuple[Summary, ...] = ()

    @property
    def charts(self) -> list[Chart]:
        """Every chart, those of the summaries first."""
        first = [each.chart for each in self.summaries if each.chart is not None]
        return [*first, *(chart for section in self.sections for chart in section.charts)]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in the order of the page."""
        return tuple(table for section in self.sections for table in section.tables)
