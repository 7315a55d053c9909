"""Older records, read as if they had been written today: their layout step by step, their statistics anew.

What lies on disk stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness import tasks
from harness.errors import ResultsError
from harness.records._json import plain
from harness.records._whole_tables import TRUTHS
from harness.records.run import Run

FORMAT = 3
"""Version of a record's layout.

Whoever raises it adds the step that leads to it to :data:`STEPS`, and records of the version before to
``tests/fixtures/records``.
"""

STATISTICS = 1
"""Version of the statistics that :func:`recomputed` makes of rows.

Raised whenever one of them is added or means something else; those of older records are then computed again.
"""

Content = dict[str, Any]


def upgrade_1_to_2(content: Content) -> Content:
    """Format 1 does not say which statistics it holds: since version 0 they have grown in number."""
    return {**content, "format": 2, "statistics_version": 0}


def upgrade_2_to_3(content: Content) -> Content:
    """Format 2 names the figures by their whole table, format 3 by the label's alone."""
    label = str(content.get("label"))
    named = {
        field: with_truth(content[field], label, of)
        for field, of in (("settings", ("table", "truth")), ("provenance", ("table_digest", "truth_digest")))
        if isinstance(content.get(field), dict)
    }
    return {**content, "format": 3, **named}


STEPS: Mapping[int, Callable[[Content], Content]] = {1: upgrade_1_to_2, 2: upgrade_2_to_3}
"""By format the step to the next one."""


def upgraded(content: Content, path: Path) -> Content:
    """The ``content`` of the record at ``path`` in today's format.

    Raises
    ------
    ResultsError
        For a format that no step leads away from.
    """
    while (version := content.get("format")) != FORMAT:
        if isinstance(version, bool) or not isinstance(version, int) or version not in STEPS:
            raise ResultsError(
                f"{path} has the record format {version!r}; this version of harness reads {min(STEPS)} to "
                f"{FORMAT}: read it with the harness that wrote it, or a newer one."
            )
        content = STEPS[version](content)
    return content


def with_truth(
    settings: Mapping[str, Any], label: str, names: tuple[str, str] = ("table", "truth")
) -> Content:
    """``settings`` with the digest of the label's figures in place of that of a table that was shipped.

    ``names`` are what the two are called.
    """
    before, today = names
    truth = TRUTHS.get(str(settings.get(before)), {}).get(label)
    if truth is None:
        return dict(settings)
    named = {(today if name == before else name): value for name, value in settings.items()}
    return {**named, today: truth}


def as_before(run: Run) -> Run | None:
    """``run`` with the settings of format 2; ``None`` where they are not known."""
    truth = run.settings.get("truth")
    for table, labels in TRUTHS.items():
        if truth is not None and labels.get(run.label) == truth:
            settings = {name: value for name, value in run.settings.items() if name != "truth"}
            return replace(run, settings={"table": table, **settings})
    return None


def recomputed(task: str, statistics: Mapping[str, Any], rows: Mapping[str, np.ndarray]) -> Content:
    """``statistics`` of an ok record, those that are made of ``rows`` by today's definitions.

    The others stay as they were written: what was looked up in the table, how the supernet was trained, and
    all of a search.
    """
    return {**statistics, **plain(tasks.of_record(task).statistics(rows))}
