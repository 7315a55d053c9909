"""From a results folder to a report folder."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from harness import benchmarks, files
from harness.collector import paused_collector
from harness.errors import ResultsError, unknown_name
from harness.processes.helpers import Helpers
from harness.reports import wording
from harness.reports.analysis.groups import Group, collect
from harness.reports.charts.chart import FORMATS
from harness.reports.model import Report
from harness.reports.render import page, plotted, text
from harness.reports.render.figures import Figures, Progress
from harness.reports.render.latex import latex
from harness.reports.sections import build_sections, build_summaries
from harness.reports.tables import published

FILES = {
    "page": "index.html",
    "markdown": "report.md",
    "csv": "report.csv",
    "published": "published.csv",
    "tables": "tables",
    "latex": "latex",
    "figures": "figures",
}


def build(
    store_root: Path | str,
    out_dir: Path | str,
    spaces: Iterable[str] | None = None,
    formats: Sequence[str] = FORMATS,
    progress: Progress | None = None,
    self_contained: bool = False,
    costs: Sequence[str] = (),
    processes: int = 1,
) -> Report:
    """Check all records below ``store_root`` and write the report on them to ``out_dir``.

    The report is a function of the records: the same records give the same bytes. It is written beside
    ``out_dir`` and moved there when complete, in place of an earlier report.

    Parameters
    ----------
    store_root
        The results folder, whose ``records`` are read.
    out_dir
        The folder of the report: new, empty, or that of an earlier report.
    spaces
        Names of the spaces to report on; all where ``None``.
    formats
        Of the figures' files, some of :data:`FORMATS`; the page draws its charts by itself. A figure of
        the earlier report whose chart is the same is kept, since drawing takes longest.
    progress
        Told how many figures are done.
    self_contained
        Whether the page holds Plotly's script; otherwise all reports of a results folder share one file of
        it, ``reports/plotly-<version>.min.js``.
    costs
        What accuracy is drawn against where searches were run: names of labels, or ``params_millions`` and
        ``flops_millions``; where none are named, the counts and a latency and an energy of the label's data
        set.
    processes
        How many work on it, where it is large. Those that are started import the main module, which must then
        begin nothing anew (``if __name__ == "__main__":``).

    Raises
    ------
    UnknownNameError
        For another format, or a cost that no space of the records has.
    ResultsError
        Without records, for a damaged one, for one whose statistics are not those of its rows, or where
        ``out_dir`` cannot be written or holds something else.
    """
    store_root, out_dir = Path(store_root), Path(out_dir)
    _check_target(out_dir)
    for kind in formats:
        if kind not in FORMATS:
            raise unknown_name("figure format", kind, FORMATS)
    with paused_collector(), Helpers(processes - 1) as helpers:  # no collection saves a tenth of the time
        return _built(store_root, out_dir, spaces, formats, progress, self_contained, costs, helpers)


def _built(
    store_root: Path,
    out_dir: Path,
    spaces: Iterable[str] | None,
    formats: Sequence[str],
    progress: Progress | None,
    self_contained: bool,
    costs: Sequence[str],
    helpers: Helpers,
) -> Report:
    groups = collect(store_root, spaces, helpers)
    _check_costs(costs, groups)
    sections = build_sections(groups, costs, helpers)
    first = build_summaries(groups)
    charts = page.charts_of(sections, first)
    figures = Figures(charts, formats, out_dir / FILES["figures"], helpers)
    library = None if self_contained or not charts else _library(store_root)
    frame = (_title(groups), _summary(groups), wording.provenance(groups), sections)
    contents: dict[str, bytes] = {
        FILES["page"]: page.html(*frame, out_dir, formats, first, library).encode(),
        FILES["markdown"]: text.markdown(*frame, formats, first).encode(),
        FILES["csv"]: text.numbers_csv(groups).encode(),
        FILES["published"]: published.numbers_csv(groups).encode(),
    }
    contents |= {f"{FILES['latex']}/{name}": told.encode() for name, told in latex(sections).items()}
    contents |= {
        f"{FILES['tables']}/{name}": told.encode() for name, told in text.tables_csv(sections).items()
    }
    contents |= {f"{FILES['figures']}/{name}": data for name, data in figures.files(progress).items()}
    _write(out_dir, contents)
    return Report({name: out_dir / file for name, file in FILES.items()}, sections, first)


def _check_costs(costs: Sequence[str], groups: Sequence[Group]) -> None:
    """Every cost is one of a space that was searched."""
    searched = {group.run.space for group in groups if group.run.task == "search"}
    known: dict[str, None] = {}
    for space in sorted(searched & set(benchmarks.tables())):
        known |= dict.fromkeys(benchmarks.objectives(benchmarks.load_table(space)))
    for name in costs:
        if name not in known:
            raise unknown_name(f"cost of {', '.join(sorted(searched)) or 'no search'}", name, tuple(known))


def _library(store_root: Path) -> Path:
    """Plotly's script in the results folder, written where it is not yet there."""
    file = store_root / "reports" / f"plotly-{version('plotly')}.min.js"
    script = plotted.library().encode()
    try:
        if not file.is_file() or file.stat().st_size != len(script):
            file.parent.mkdir(parents=True, exist_ok=True)
            files.replace(file, script)
    except OSError as error:
        raise ResultsError(
            f"Plotly's script cannot be written to {file}: {error.strerror}; with --self-contained the page "
            "holds it."
        ) from error
    return file


def _check_target(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ResultsError(f"The report needs a folder; {folder} is a file. Name another one with --out.")
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in FILES.values())
    if foreign:
        raise ResultsError(
            f"A report replaces its folder as a whole, and {folder} holds something else ({foreign[0]}); "
            "name a new folder with --out."
        )


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    token = f"{os.getpid()}-{secrets.token_hex(4)}"
    new, old = (folder.with_name(f".{folder.name}.{kind}-{token}") for kind in ("new", "old"))
    try:
        for name, data in contents.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        for name in ("tables", "figures"):
            (new / FILES[name]).mkdir(exist_ok=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise ResultsError(f"The report cannot be written to {folder}: {error.strerror}.") from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _title(groups: Sequence[Group]) -> str:
    spaces = sorted({group.run.space for group in groups})
    named = ", ".join(spaces) if len(spaces) < 4 else f"{len(spaces)} spaces"
    return f"Training-free search on {named}"


def _summary(groups: Sequence[Group]) -> str:
    runs = sum(len(group.results) for group in groups)
    failed = sum(len(group.failed) for group in groups)
    spaces = sorted({group.run.space for group in groups})
    return (
        f"{wording.counted(runs, 'run')} in {wording.counted(len(groups), 'group')} on {', '.join(spaces)}; "
        "the runs of a group differ in their seed alone, and nothing else is averaged. "
        f"{wording.counted(failed, 'run')} failed. The statistics were recomputed from the raw rows of every "
        "record when it was first read."
    )
