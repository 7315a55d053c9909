"""One HTML file that needs nothing else: no network, no other file, light and dark."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from harness.reports.model import Cell, Column, Section, Table
from harness.reports.render import plotted
from harness.reports.sections import headings
from harness.version import VERSION

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 112, 14


def html(
    title: str,
    summary: str,
    provenance: str,
    sections: Sequence[Section],
    folder: Path,
    formats: Sequence[str],
) -> str:
    """The page; ``folder`` is where it will lie, ``formats`` those of the figures' files beside it."""
    plots = plotted.Plots()
    charts = {chart.name: plots.chart(chart) for section in sections for chart in section.charts}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((FOLDER / "page.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        title=title,
        summary=summary,
        provenance=provenance,
        version=VERSION,
        sections=sections,
        tasks=headings(),
        glossary=_glossary(sections),
        css=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        script=Markup((FOLDER / "page.js").read_text(encoding="utf-8")),
        charts=charts,
        shared=plots.shared,
        palette=plotted.palette(),
        library=plotted.library() if charts else "",
        plotting=(FOLDER / "plots.js").read_text(encoding="utf-8") if charts else "",
        formats=formats,
        scale_of=_scale,
        bar=_bar,
        link=lambda path: quote(Path(os.path.relpath(path, folder)).as_posix()),
    )


def _glossary(sections: Sequence[Section]) -> list[Column]:
    """Every column that has something to say, once, in the order of the page."""
    columns = (column for section in sections for table in section.tables for column in table.columns)
    return list({column.title: column for column in columns if column.words}.values())


def _scale(table: Table) -> tuple[float, float]:
    """Ends of the bars' common scale: 0 to the highest value, down to the lowest where that is negative."""
    bars = [cell.bar for row in table.rows for cell in row.cells if cell.bar is not None]
    values = [v for bar in bars for v in (bar.low, bar.value, bar.high) if v is not None]
    values += [0.0, *([table.mark] if table.mark is not None else [])]
    low, high = min(values), max(values)
    return (low, high) if high > low else (0.0, 1.0)


def _bar(cell: Cell, scale: tuple[float, float], mark: float | None) -> Markup:
    def at(value: float) -> str:
        return f"{4 + (value - scale[0]) / (scale[1] - scale[0]) * (WIDTH - 8):.1f}"

    def upright(kind: str, value: float) -> Markup:
        return Markup('<line class="{}" x1="{}" x2="{}" y1="0" y2="{}"/>').format(
            kind, at(value), at(value), HEIGHT
        )

    middle = HEIGHT / 2
    line = Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    bar = cell.bar
    if bar is None:
        return Markup("")
    parts = [line.format("base", 4, WIDTH - 4, middle, middle), upright("zero", 0.0)]
    if mark is not None:
        parts.append(upright("mark", mark))
    if bar.low is not None and bar.high is not None:
        parts.append(line.format("range", at(bar.low), at(bar.high), middle, middle))
    parts.append(Markup('<circle cx="{}" cy="{}" r="2.8"/>').format(at(bar.value), middle))
    return Markup(
        '<svg class="bar" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>'
        "<small>{3}</small>"
    ).format(WIDTH, HEIGHT, Markup("").join(parts), cell.text)
