"""The picture of the README, of the records in ``docs/records``: ``make picture``."""

from __future__ import annotations

import io
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import matplotlib

from harness.reports.analysis.groups import collect
from harness.reports.charts import style
from harness.reports.render.printed import draw
from harness.reports.sections import build_summaries

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "images" / "nb201.svg"


def picture() -> bytes:
    """The chart that opens a report on these records; its text stays text, so that the file is small."""
    with TemporaryDirectory() as folder:  # in which is written down which records were checked
        copytree(HERE / "records", folder, dirs_exist_ok=True)
        (summary,) = build_summaries(collect(Path(folder)))
    file = io.BytesIO()
    with matplotlib.rc_context({**style.SETTINGS, "svg.fonttype": "none"}):
        draw(summary.chart).savefig(file, format="svg", facecolor=style.PAPER, metadata={"Date": None})
    return file.getvalue()


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
