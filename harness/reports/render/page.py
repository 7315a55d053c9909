"""One HTML file: light and dark, on a phone and in print, readable without its scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from harness.reports.charts.chart import Chart
from harness.reports.model import Cell, Column, Section, Summary, Table
from harness.reports.render import diagrams, pictures, plotted
from harness.reports.render.names import named_tables, row_names
from harness.reports.sections import headings
from harness.version import VERSION

FOLDER = Path(__file__).parent
STYLES = ("page.css", "tables.css", "findings.css")
PLOTTING = ("plots.js", "charts.js")
WIDTH, HEIGHT = 112, 14


def html(
    title: str,
    summary: str,
    provenance: str,
    sections: Sequence[Section],
    folder: Path,
    formats: Sequence[str],
    summaries: Sequence[Summary] = (),
    library: Path | None = None,
) -> str:
    """The page.

    Parameters
    ----------
    title, summary, provenance
        Its heading, and what stands at its foot.
    sections, summaries
        What it shows, and what it says first.
    folder
        Where it will lie.
    formats
        Those of the figures' files beside it.
    library
        The file of Plotly's script; ``None`` puts the script into the page.
    """
    plots = plotted.Plots()
    charts = {chart.name: plots.chart(chart) for chart in charts_of(sections, summaries)}
    stems = {id(table): stem for stem, _, table in named_tables(sections)}
    return _template().render(
        title=title,
        summary=summary,
        provenance=provenance,
        version=VERSION,
        sections=sections,
        summaries=summaries,
        tasks=headings(),
        glossary=_glossary(sections),
        css=Markup("".join(_text(name) for name in STYLES)),
        script=Markup(_text("page.js")),
        charts=charts,
        shared=plots.shared,
        palette=plotted.palette(),
        library=plotted.library() if charts and library is None else "",
        library_path="" if library is None else _link(library, folder),
        plotting="".join(_text(name) for name in PLOTTING) if charts else "",
        formats=formats,
        scale_of=_scale,
        bar=_bar,
        draw=diagrams.svg,
        picture_of=pictures.data_address,
        stem_of=lambda table: stems[id(table)],
        names_of=row_names,
        link=_linking(folder),
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(FOLDER, encoding="utf-8")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"breakable": breakable, "sentence": _sentence}
    return environment.get_template("page.html.jinja")


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _linking(folder: Path) -> Callable[[Path], str]:
    return cache(lambda path: _link(path, folder))


def _link(path: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(path, folder)).as_posix())


def breakable(text: str) -> Markup:
    """``text`` that may be broken behind ``_``, ``|``, ``/`` and ``=``."""
    return Markup(re.sub(r"([_|/=])", r"\1<wbr>", str(escape(text))))  # entities hold none of them


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _glossary(sections: Sequence[Section]) -> list[Column]:
    """Every column that has something to say, once, in the order of the page."""
    columns = (column for section in sections for table in section.tables for column in table.columns)
    return list({column.title: column for column in columns if column.words}.values())


def charts_of(sections: Sequence[Section], summaries: Sequence[Summary]) -> list[Chart]:
    """All charts, those of the summaries first."""
    first = [each.chart for each in summaries if each.chart is not None]
    return [*first, *(chart for section in sections for chart in section.charts)]


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
