"""The files of a report's charts; those whose charts stay as they are in an earlier report are taken over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from harness.processes.helpers import Helpers
from harness.reports.charts.chart import Chart
from harness.reports.render import plotted

DRAWN = "drawn.json"
"""Beside them: by name what each was drawn from, so that one which stays is not drawn again."""

SECONDS = 0.07
"""Drawing a chart takes about so long for each format."""

Progress = Callable[[str, int, int], None]
"""``(words, done, total)``, called as figures are drawn."""


class Figures:
    """The ``charts`` in all ``formats``; those that the folder ``earlier`` lacks are begun by ``helpers``."""

    def __init__(
        self, charts: Sequence[Chart], formats: Sequence[str], earlier: Path, helpers: Helpers
    ) -> None:
        self._formats = formats
        self._earlier = earlier
        self._charts = charts if formats else ()
        self._digests = {chart.name: _digest(chart) for chart in self._charts}
        before = _drawn(earlier)
        self._new = [
            chart
            for chart in self._charts
            if before.get(chart.name) != self._digests[chart.name]
            or not all((earlier / name).is_file() for name in self._names(chart).values())
        ]
        seconds = SECONDS * len(formats) * len(self._new)
        self._work = helpers.begin(partial(drawing, formats), self._new, seconds)

    def files(self, progress: Progress | None) -> dict[str, bytes]:
        """All files by name, and the list of what they were drawn from; nothing without formats."""
        if not self._formats:
            return {}

        def told(done: int) -> None:
            if progress is not None:
                progress("figures", len(self._charts) - len(self._new) + done, len(self._charts))

        made = dict(zip((chart.name for chart in self._new), self._work.finish(told), strict=True))
        contents: dict[str, bytes] = {}
        for chart in self._charts:
            names = self._names(chart)
            files = made.get(chart.name) or {
                kind: (self._earlier / name).read_bytes() for kind, name in names.items()
            }
            contents |= {names[kind]: data for kind, data in files.items()}
        index = json.dumps(self._digests, indent=1, sort_keys=True) + "\n"
        return contents | {DRAWN: index.encode()}

    def _names(self, chart: Chart) -> dict[str, str]:
        return {kind: f"{chart.name}.{kind}" for kind in self._formats}


def drawing(formats: Sequence[str]) -> Callable[[Chart], dict[str, bytes]]:
    """A function that draws a chart in all ``formats``."""
    from harness.reports.render.printed import printed  # loads Matplotlib

    return lambda chart: printed(chart, formats)


def _drawn(folder: Path) -> dict[str, str]:
    try:
        index = json.loads((folder / DRAWN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def _digest(chart: Chart) -> str:
    """Of all that its figure shows, and of what draws it."""
    plots = plotted.Plots()
    shown = (plots.chart(chart), sorted(plots.shared), chart.title, chart.lines, _code())
    return hashlib.sha256(repr(shown).encode()).hexdigest()


@cache
def _code() -> str:
    folder = Path(__file__).parent
    code = b"".join(
        (folder / name).read_bytes() for name in ("printed.py", "ends.py", "font.py", "../charts/style.py")
    )
    return f"{version('matplotlib')} {hashlib.sha256(code).hexdigest()}"
