"""The sensitivity study as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from statistics import median

from harness import tasks
from harness.files import write_texts
from harness.reports import wording
from harness.reports.analysis.groups import Group, collect
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.render.text import table_lines
from harness.reports.sections import label_words
from harness.sensitivity.studies import Study, input_words, studies

FILES = ("sensitivity.md", "sensitivity.csv")

FIELDS = (
    "baseline", "task", "space", "label", "factor", "value", "is_baseline", "statistic", "mean", "sd", "low",
    "high", "median", "n", "undefined", "seeds", "failed_seeds", "group",
)  # fmt: skip


def write_sensitivity(results: Path, output: Path) -> tuple[Path, ...]:
    """Write the study on all records below ``results`` to ``output`` and return the files' paths.

    The same records give the same bytes.

    Raises
    ------
    ResultsError
        Without records to compare, for damaged ones, or where ``output`` cannot be written.
    """
    found = studies(collect(results))
    texts = dict(zip(FILES, (markdown(found), numbers_csv(found)), strict=True))
    return write_texts("The study", output, texts)


def markdown(found: Sequence[Study]) -> str:
    """What the records rest on, then one table per factor, each with the command that repeats it."""
    groups = list({group.key: group for study in found for group in study.groups}.values())
    lines = [
        "# What Zero-Cost-PT's results hang on",
        "",
        "Every table varies one setting of a baseline and leaves all others as they are. Numbers are means ± "
        "standard deviations over seeds, ranks medians; a correlation is per decision over its few "
        "candidates, averaged over the decisions.",
        "",
        *(f"- Label: {line}" for line in dict.fromkeys(map(_label, found))),
        f"- Inputs: {input_words(groups)}",
        f"- {wording.provenance(groups)}",
        "",
    ]
    for (space, label, title), members in groupby(found, _heading):
        lines += [f"## {title}: {space}, {label}", ""]
        for study in members:
            lines += [*table_lines(_table(study)), "", "```", study.command, "```", ""]
    return "\n".join(lines)


def numbers_csv(found: Sequence[Study]) -> str:
    """CSV: one line per study, value and statistic that a table shows, at full precision."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS, lineterminator="\n")
    writer.writeheader()
    for study in found:
        for group in study.ordered:
            shared = {
                "baseline": study.baseline.title, "task": group.run.task, "space": group.run.space,
                "label": group.run.label, "factor": study.factor, "value": study.value_words(group),
                "is_baseline": group is study.groups[0], "group": group.key,
                "seeds": " ".join(map(str, group.seeds)),
                "failed_seeds": " ".join(map(str, sorted(group.failed))),
            }  # fmt: skip
            for name in (measure.name for measure in tasks.load(group.run.task).studied):
                writer.writerow(
                    shared | {"statistic": name, "median": _median(group, name)} | group.stat(name)
                )
    return buffer.getvalue()


def _heading(study: Study) -> tuple[str, str, str]:
    run = study.groups[0].run
    return run.space, run.label, study.baseline.title


def _label(study: Study) -> str:
    space, label, _ = _heading(study)
    meaning = label_words(space, label)
    return f"{space}, {label}{f': {meaning}' if meaning else ''}"


def _table(study: Study) -> Table:
    headings = [Column(measure.words) for measure in tasks.load(study.baseline.task).studied]
    columns = (Column(study.factor, numeric=False), Column("Seeds"), *headings)
    fixed = ", ".join(f"{key}={value}" for key, value in study.fixed.items())
    return Table(
        study.factor,
        columns,
        tuple(Row(_cells(study, group)) for group in study.ordered),
        (f"Everything else: {fixed}. The command that repeats the table:",),
    )


def _cells(study: Study, group: Group) -> tuple[Cell, ...]:
    notes = ["baseline"] if group is study.groups[0] else []
    notes += filter(None, [wording.failed_seeds(group)])
    return (
        Cell(study.value_words(group), note="; ".join(notes)),
        Cell(str(len(group.seeds)), note=wording.seeds(group.seeds)),
        *(_cell(group, measure) for measure in tasks.load(group.run.task).studied),
    )


def _cell(group: Group, measure: tasks.Measure) -> Cell:
    if measure.median:
        return Cell(wording.count(_median(group, measure.name)))
    return wording.mean_cell(group.stat(measure.name), measure.digits, whole=measure.digits == 0)


def _median(group: Group, name: str) -> float | None:
    known = [value for value in group.values(name) if value is not None]
    return median(known) if known else None
