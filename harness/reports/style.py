"""How figures look, and how one figure serves light and dark pages."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

INK, MUTED, GRID, PAPER = "#1b1d21", "#5f6670", "#dcdfe4", "#ffffff"

DARK = {INK: "#e7e9ec", MUTED: "#a0a7b1", GRID: "#31353c", PAPER: "#15171b"}
"""What these colours become on a dark page."""

COLOURS = ("#2a86c7", "#d9730d", "#159a7a", "#b0529c", "#b58900", "#5aa9dd", "#c0443c", "#7a7f87")
"""Okabe and Ito's colour-blind-safe order, shifted to be readable on light and on dark."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")

SETTINGS = {
    "font.size": 8.5, "axes.labelsize": 8.5, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": MUTED,
    "xtick.color": MUTED, "ytick.color": MUTED, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.7, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6,
    "axes.axisbelow": True, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
    "axes.unicode_minus": True, "svg.hashsalt": "harness", "svg.fonttype": "path",
}  # fmt: skip


def canvas(width: float, height: float) -> Canvas:
    """An empty figure, inches; drawn without a display and without any global state."""
    return Canvas(figsize=(width, height), facecolor="none")


def headings(figure: Canvas, title: str, lines: tuple[str, ...]) -> None:
    """A title at the left edge and small lines below it."""
    height = figure.get_figheight()
    figure.text(0.02, 1 - 0.08 / height, title, ha="left", va="top", fontsize=10, fontweight="bold")
    for number, line in enumerate(lines):
        figure.text(
            0.02, 1 - (0.30 + 0.17 * number) / height, line, ha="left", va="top", fontsize=8, color=MUTED
        )


def axes(figure: Canvas, left: float, right: float, top: float, bottom: float = 0.52) -> Axes:
    """Axes between ``left`` and ``right`` (shares of the width), margins above and below in inches."""
    height = figure.get_figheight()
    return figure.add_axes((left, bottom / height, right - left, 1 - (top + bottom) / height))


def legend(figure: Canvas, axes: Axes, columns: int) -> None:
    """What the lines of ``axes`` are, in the lower left corner."""
    figure.legend(
        *axes.get_legend_handles_labels(), loc="lower left", ncols=columns, frameon=False, fontsize=8,
        bbox_to_anchor=(0.06, 0.0), borderaxespad=0.2,
    )  # fmt: skip


def written(figure: Canvas) -> tuple[bytes, bytes]:
    """The figure as PNG on white, and as SVG that follows the reader's colour scheme."""
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=200, facecolor=PAPER)
    figure.savefig(svg, format="svg", dpi=200, metadata={"Date": None})
    return png.getvalue(), _themed(svg.getvalue().decode()).encode()


def _themed(svg: str) -> str:
    names = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"}
    for colour, name in names.items():
        svg = svg.replace(colour, f"var(--{name})")
    head, opening, rest = svg.partition("<defs>")
    return head + f"<style>{_rules(names)}</style>" + opening + rest


def _rules(names: Mapping[str, str]) -> str:
    light = ";".join(f"--{name}:{colour}" for colour, name in names.items())
    dark = ";".join(f"--{name}:{DARK[colour]}" for colour, name in names.items())
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def context() -> matplotlib.RcParams:
    """Matplotlib's settings for one figure; the process's own stay as they are."""
    return matplotlib.rc_context(SETTINGS)
