"""One record as a notebook shows it: its headline, what it rests on, and its figure."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from harness.records import Record
from harness.reports import wording
from harness.reports.analysis.groups import Group, of_record
from harness.reports.charts.chart import Chart
from harness.reports.sections import build_sections


class Shown(Record):
    """A record that notebooks show by :func:`html`."""

    def _repr_html_(self) -> str:
        return html(self)


def html(record: Record) -> str:
    """What was found, what was asked, the figure of its task, and where the record lies.

    Raises
    ------
    ResultsError
        Where its rows are damaged, or its statistics are not those of its rows.
    """
    run = record.run
    place = f"{run.task}, {run.space}, {run.label}, seed {run.seed}"
    lines = [f"<strong>{escape(run.method)}</strong>: {escape(record.headline)}", escape(place)]
    figure = ""
    if record.status == "ok":
        group = of_record(record)
        lines.append(escape(wording.all_settings(group)))
        figure = _figure(group)
    lines.append(f"<code>{escape(str(record.path))}</code>")
    return f"<div>{'<br>'.join(filter(None, lines))}{figure}</div>"


def _figure(group: Group) -> str:
    chart = _chart(group)
    if chart is None:
        return ""
    from harness.reports.render.printed import printed  # loads Matplotlib

    data = b64encode(printed(chart, ["svg"])["svg"]).decode()
    return f'<br><img src="data:image/svg+xml;base64,{data}" alt="{escape(chart.alternative)}">'


def _chart(group: Group) -> Chart | None:
    """Of its task's charts the one that bears its method's name, or else the first."""
    sections = build_sections([group])
    charts = [chart for section in sections if section.task == group.run.task for chart in section.charts]
    own = [chart for chart in charts if f"-{group.method}-" in chart.name]
    return next(iter([*own, *charts]), None)
