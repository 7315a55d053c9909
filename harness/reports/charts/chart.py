"""What a chart shows, before it is printed as a figure or drawn on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FORMATS = ("png", "svg", "pdf")
"""Of a chart's files."""

MUTED, INK = "muted", "ink"
"""Colours besides the numbered ones of :data:`harness.reports.charts.style.COLOURS`."""

Colour = int | str
Values = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Series:
    """Points, or a line through them; entry i of every sequence belongs to point i.

    Attributes
    ----------
    name
        In the legend; none where it is empty.
    x, y
        Positions; a point with a missing one (NaN) is not drawn.
    line
        ``""`` for points alone, ``straight`` or ``step`` (held from a point to the next).
    markers
        Whether points are drawn.
    y_low, y_high, x_low, x_high
        Ends of intervals: a band along a line, a bar across a point.
    hollow, dashed
        Of the markers, of the line.
    words
        What each point is, read when it is pointed at.
    facts
        Further lines read there: a name and its value for each point.
    labels
        Text drawn beside each point.
    """

    name: str
    x: Values
    y: Values
    line: str = ""
    markers: bool = True
    y_low: Values | None = None
    y_high: Values | None = None
    x_low: Values | None = None
    x_high: Values | None = None
    colour: Colour = 0
    marker: int = 0
    hollow: bool = False
    dashed: bool = False
    words: Sequence[str] = ()
    facts: tuple[tuple[str, Values | Sequence[str]], ...] = ()
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Mark:
    """A line across the whole panel at ``value`` of ``axis`` (``x`` or ``y``); ``words`` stand at its end."""

    axis: str
    value: float
    colour: Colour = MUTED
    dashed: bool = False
    words: str = ""


@dataclass(frozen=True)
class Heat:
    """A matrix of numbers, row by row from the top; NaN where undefined.

    Colours go from ``low`` to ``high``, which may be below it; ``digits`` are decimals.
    """

    values: Sequence[Sequence[float]]
    low: float
    high: float
    digits: int = 2


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    ``x_names`` and ``y_names`` stand at 0, 1, ... in place of numbers, ``y_names`` from the top; ``x_range``
    is what is shown first: points beyond stand at its ends in print. ``whole``: ticks of x are whole numbers.
    """

    series: tuple[Series, ...] = ()
    title: str = ""
    x_title: str = ""
    y_title: str = ""
    x_names: Sequence[str] = ()
    y_names: Sequence[str] = ()
    x_range: tuple[float, float] | None = None
    x_log: bool = False
    whole: bool = False
    marks: tuple[Mark, ...] = ()
    heat: Heat | None = None


@dataclass(frozen=True)
class Chart:
    """A figure and what it rests on.

    Attributes
    ----------
    name
        Of its files.
    kind
        Charts of one kind and section are shown one at a time, with a choice between them.
    title, lines
        Above the panels; the lines are small.
    caption
        What the chart rests on.
    alternative
        For those who cannot see it.
    panels, columns
        The panels row by row, so many beside each other where there is room.
    size
        Inches of one panel.
    records
        Files of the records it was made from.
    """

    name: str
    kind: str
    title: str
    lines: tuple[str, ...]
    caption: str
    alternative: str
    panels: tuple[Panel, ...]
    columns: int = 1
    size: tuple[float, float] = (3.6, 2.6)
    records: tuple[Path, ...] = ()
