"""How charts look: one palette for print and for the page."""

from __future__ import annotations

from typing import Any

INK, MUTED, GRID, PAPER = "#1b1d21", "#5f6670", "#dcdfe4", "#ffffff"

COLOURS = ("#2882e0", "#eb7e0d", "#37a68b", "#983671", "#886b03", "#3aa9dc", "#0d5aa7", "#606550")
"""Readable on light and on dark, and apart for those who see fewer colours: CIE76 differences from 17."""

DRAWN = len(COLOURS)
"""Lines that one chart tells apart."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
"""Matplotlib's; the page has its own of the same order."""

HEAT = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b")
"""Colours of a heat map from its lowest to its highest value, at equal distances."""


def colour(key: int | str) -> str:
    """Of a numbered series, or the ``muted`` or ``ink`` one."""
    return COLOURS[key % len(COLOURS)] if isinstance(key, int) else {"muted": MUTED, "ink": INK}[key]


SETTINGS: dict[Any, Any] = {
    "font.size": 8.5, "axes.labelsize": 8.5, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": MUTED,
    "xtick.color": MUTED, "ytick.color": MUTED, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.7, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6,
    "axes.axisbelow": True, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
    "axes.unicode_minus": True, "svg.hashsalt": "harness", "svg.fonttype": "path", "pdf.fonttype": 42,
}  # fmt: skip
"""Of Matplotlib, for the printed figures."""
