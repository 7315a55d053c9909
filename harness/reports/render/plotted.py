"""Charts on the page: what the page's script hands to Plotly, as JSON.

Long sequences that several charts share, such as the names of architectures, stand in the page once.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np

from harness.reports.charts import style
from harness.reports.charts.chart import Chart, Panel, Series

LONG = 40
"""Entries from which on a sequence stands apart."""
DIGITS = 6
"""Significant digits of the page's numbers; the records hold all of them."""


@cache
def library() -> str:
    """Plotly's script, as its Python package brings it."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


class Plots:
    """The charts of one page as JSON, and the sequences that they share."""

    def __init__(self) -> None:
        self.shared: dict[str, str] = {}

    def chart(self, chart: Chart) -> str:
        """JSON of one chart, fit to stand within a script element."""
        return script(
            {
                "columns": chart.columns,
                "size": chart.size,
                "panels": [self._panel(panel) for panel in chart.panels],
            }
        )

    def _panel(self, panel: Panel) -> dict[str, Any]:
        told = _told(panel, ("series", "heat", "marks"))
        told["series"] = [self._series(series) for series in panel.series]
        told["marks"] = [_told(mark) for mark in panel.marks]
        if panel.heat is not None:
            told["heat"] = _told(panel.heat) | {"values": [_plain(row) for row in panel.heat.values]}
        return told

    def _series(self, series: Series) -> dict[str, Any]:
        told = _told(series, ("facts",))
        told |= {name: self._sequence(value) for name, value in told.items() if _is_sequence(value)}
        told["facts"] = [[name, self._sequence(values)] for name, values in series.facts]
        return told

    def _sequence(self, values: Sequence[Any] | np.ndarray) -> list[Any] | dict[str, str]:
        """The values, or where they are many the name of the place they stand in."""
        told = _plain(values)
        if len(told) < LONG:
            return told
        text = script(told)
        name = "a" + hashlib.sha256(text.encode()).hexdigest()[:12]
        self.shared[name] = text
        return {"shared": name}


def palette() -> str:
    """Colours and the heat map's scale, as JSON."""
    return script({"colours": style.COLOURS, "heat": style.HEAT})


def script(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _told(part: Any, without: Sequence[str] = ()) -> dict[str, Any]:
    """The fields that say something other than their default."""
    return {
        field.name: getattr(part, field.name)
        for field in fields(part)
        if field.name not in without and not _is_default(getattr(part, field.name), field.default)
    }


def _is_default(value: Any, default: Any) -> bool:
    return isinstance(value, type(default)) and not isinstance(value, np.ndarray) and value == default


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _plain(values: Sequence[Any] | np.ndarray) -> list[Any]:
    return [value if isinstance(value, str) else _number(float(value)) for value in values]


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
