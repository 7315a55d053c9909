"""Charts in print: PNG, SVG and PDF files fit for a paper."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

from harness.reports.charts import style
from harness.reports.charts.chart import Chart, Heat, Mark, Panel, Series
from harness.reports.render import ends, font

MANY = 3000
"""Points from which on a cloud is drawn with smaller, paler ones, and as pixels in SVG and PDF."""
FEW_DECADES = 2.5
"""Up to so many powers of ten a logarithmic axis has ticks between them."""
_LINE = 0.17
"""Inches of a line of small text."""


def printed(chart: Chart, formats: Iterable[str]) -> dict[str, bytes]:
    """The chart as a file of each format in ``formats``; the same chart, the same bytes."""
    with matplotlib.rc_context({**style.SETTINGS, "font.family": font.families()}):
        figure = draw(chart)
        return {kind: _saved(figure, kind) for kind in formats}


def draw(chart: Chart) -> Figure:
    """The chart as a Matplotlib figure, without a display and without any global state."""
    columns = min(chart.columns, len(chart.panels))
    rows = -(-len(chart.panels) // columns)
    width, height = chart.size
    head = 0.36 + _LINE * len(chart.lines)
    named = chart.size[0] >= ends.WIDTH and all(map(ends.named, chart.panels))
    entries = {series.name for panel in chart.panels for series in panel.series if series.name}
    entries = set() if named else entries
    foot = 0.24 * -(-len(entries) // 2)
    layout = ConstrainedLayoutEngine(hspace=0.06, wspace=0.04)
    figure = Figure(figsize=(max(columns * width, 3.6), head + rows * height + foot), layout=layout)
    whole = figure.get_figheight()
    layout.set(rect=(0.01, foot / whole, 0.98, 1 - (head + foot) / whole))
    for number, panel in enumerate(chart.panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        _panel(axes, panel)
        if named:
            ends.write(axes, panel)
    figure.text(0.02, 1 - 0.08 / whole, chart.title, ha="left", va="top", fontsize=10, fontweight="bold")
    for number, line in enumerate(chart.lines):
        at = 1 - (0.30 + _LINE * number) / whole
        figure.text(0.02, at, line, ha="left", va="top", fontsize=8, color=style.MUTED)
    if entries:
        _legend(figure)
    layout.execute(figure)
    figure.set_layout_engine(None)  # what is laid out once stays, in all formats
    return figure


def _saved(figure: Figure, kind: str) -> bytes:
    file = io.BytesIO()
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    figure.savefig(file, format=kind, dpi=200, facecolor=style.PAPER, metadata=metadata)
    return file.getvalue()


def _legend(figure: Figure) -> None:
    known: dict[str, Any] = {}
    for axes in figure.axes:
        known |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    figure.legend(
        list(known.values()), list(known), loc="lower left", ncols=2, frameon=False, fontsize=8,
        borderaxespad=0.3,
    )  # fmt: skip


def _panel(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, fontsize=8.5, loc="left")
    axes.set_xlabel(panel.x_title)
    axes.set_ylabel(panel.y_title)
    if panel.x_log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(_ticks(panel)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    if panel.heat is not None:
        _heat(axes, panel.heat)
    for mark in panel.marks:
        line = axes.axvline if mark.axis == "x" else axes.axhline
        line(mark.value, color=style.colour(mark.colour), linewidth=1, linestyle="--" if mark.dashed else "-")
        if mark.words:
            _mark_words(axes, mark)
    for series in panel.series:
        _series(axes, series, panel.x_range)
    if panel.whole:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _names(axes, panel)


def _ticks(panel: Panel) -> list[float]:
    """1, 2 and 5 times the powers of ten, or these alone where there are many."""
    drawn = np.concatenate([np.asarray(series.x, dtype=np.float64) for series in panel.series])
    low, high = (float(end(drawn[drawn > 0])) for end in (np.min, np.max))
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    digits = (1, 2, 5) if math.log10(high / low) <= FEW_DECADES else (1,)
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    return [tick for tick in ticks if 0.9 * low <= tick <= 1.1 * high]


def _mark_words(axes: Axes, mark: Mark) -> None:
    upright = mark.axis == "x"
    axes.annotate(
        mark.words,
        (mark.value, 1.0) if upright else (0.01, mark.value),
        xycoords=axes.get_xaxis_transform() if upright else axes.get_yaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center" if upright else "left",
        va="bottom",
        fontsize=7,
        color=style.MUTED,
    )


def _names(axes: Axes, panel: Panel) -> None:
    if panel.x_names:
        upright = max(map(len, panel.x_names)) > 4
        axes.set_xticks(range(len(panel.x_names)), panel.x_names, rotation=90 if upright else 0, fontsize=7)
    if panel.y_names:
        axes.set_yticks(range(len(panel.y_names)), panel.y_names, fontsize=7)
        axes.set_ylim(len(panel.y_names) - 0.4, -0.6)
        axes.grid(visible=panel.heat is None and not panel.marks, axis="y")


def _heat(axes: Axes, heat: Heat) -> None:
    values = np.asarray(heat.values, dtype=np.float64)
    colours = LinearSegmentedColormap.from_list("heat", style.HEAT)
    axes.imshow(
        values,
        vmin=min(heat.low, heat.high),
        vmax=max(heat.low, heat.high),
        cmap=colours if heat.low <= heat.high else colours.reversed(),
        aspect="auto",
    )
    axes.grid(visible=False)
    if values.size > 400:
        return
    middle, half = (heat.low + heat.high) / 2, abs(heat.high - heat.low) / 2
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            pale = abs(value - middle) < 0.6 * half
            axes.text(
                column, row, f"{value:.{heat.digits}f}".replace("-", "−"), ha="center", va="center",
                fontsize=6 if len(values) > 8 else 7, color=style.INK if pale else style.PAPER,
            )  # fmt: skip


def _series(axes: Axes, series: Series, limits: tuple[float, float] | None) -> None:
    x, y = (np.asarray(part, dtype=np.float64) for part in (series.x, series.y))
    colour = style.colour(series.colour)
    name = series.name or None
    if series.line:
        axes.plot(
            x, y, color=colour, linewidth=1.4, linestyle="--" if series.dashed else "-",
            drawstyle="steps-post" if series.line == "step" else "default", label=name,
            marker=style.MARKERS[series.marker] if series.markers else None, markersize=4,
        )  # fmt: skip
        if series.y_low is not None and series.y_high is not None:
            axes.fill_between(x, series.y_low, series.y_high, color=colour, alpha=0.15, linewidth=0)
        return
    _bars(axes, series, x, y, colour)
    _cloud(axes, series, x, y, colour, limits)
    for rank, at in enumerate(np.argsort(x) if series.labels else ()):
        offset, side = ((4, 3), "bottom") if rank % 2 == 0 else ((4, -3), "top")
        axes.annotate(
            series.labels[at],
            (x[at], y[at]),
            xytext=offset,
            textcoords="offset points",
            fontsize=6.5,
            va=side,
        )


def _bars(axes: Axes, series: Series, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    for reached, positions, name in (
        ((series.x_low, series.x_high), x, "xerr"),
        ((series.y_low, series.y_high), y, "yerr"),
    ):
        if reached[0] is not None and reached[1] is not None:
            reach = np.abs(np.asarray(reached, dtype=np.float64) - positions)
            axes.errorbar(
                x, y, **{name: reach}, fmt="none", ecolor=colour, alpha=0.5, elinewidth=1.6, capsize=0
            )


def _cloud(
    axes: Axes, series: Series, x: np.ndarray, y: np.ndarray, colour: str, limits: tuple[float, float] | None
) -> None:
    many = len(x) > MANY
    shared: dict[str, Any] = {"s": 22 if len(x) <= 60 else 14 if len(x) <= 300 else 3 if many else 8}
    shared |= {"alpha": 0.25 if many else 0.55 if len(x) > 60 else 1.0, "rasterized": many}
    shared |= {"edgecolors": colour if series.hollow else "none", "linewidths": 1.1 if series.hollow else 0}
    shared |= {
        "facecolors": style.PAPER if series.hollow else colour,
        "zorder": 3,
        "label": series.name or None,
    }
    marker = style.MARKERS[series.marker]
    if limits is None:
        axes.scatter(x, y, marker=marker, **shared)
        return
    inside = (x >= limits[0]) & (x <= limits[1])
    axes.scatter(x[inside], y[inside], marker=marker, **shared)
    for edge, beyond, triangle in ((limits[0], x < limits[0], "<"), (limits[1], x > limits[1], ">")):
        if beyond.any():
            axes.scatter(np.full(beyond.sum(), edge), y[beyond], marker=triangle, **shared)
