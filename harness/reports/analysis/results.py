"""What a report keeps of records, read from their files and checked against their rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness import tasks
from harness.records import Failures, Record, Run, Store, failures
from harness.reports.analysis.check import Checker, digest
from harness.reports.analysis.origins import origin_of

NOT_NUMBERS = frozenset({"reason", "reasons"})


@dataclass(frozen=True)
class Result:
    """What a report keeps of one ok record.

    ``failures`` counts its rows that are not ok, by status, and ``failed`` says why rows could not be
    measured; ``origin`` is where it was made (:func:`origin_of`); ``path`` is the file, ``timing`` its
    sidecar, which no number of a table rests on; ``derived`` is what the task derives of its rows.

    Where methods score the same architectures, ``population`` names their set, ``architectures`` holds what
    does not hang on the method (one frame for all runs that have the same) and ``scores`` the score of each,
    NaN where it is not ok; both are empty where they do not.
    """

    run: Run
    statistics: Mapping[str, Any]
    population: str | None
    failures: Mapping[str, int]
    origin: Mapping[str, Any]
    path: Path
    timing: Mapping[str, Any]
    architectures: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    scores: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    derived: Mapping[str, Any] = field(default_factory=dict)
    failed: Failures = field(default_factory=lambda: failures({}))

    @cached_property
    def numbers(self) -> dict[str, float | None]:
        """Every number of the statistics, and what is derived, by its dotted name."""
        return numbers_of(self.statistics) | numbers_of(self.derived)


@dataclass(frozen=True)
class Read:
    """A record that was read: the ``result`` of an ok one, the ``reason`` of a failed one.

    Neither of one that was not asked for. ``sha256`` is that of its file, and ``shared`` names what the
    result's architectures hold.
    """

    run: Run
    sha256: str
    result: Result | None = None
    reason: str | None = None
    shared: str = ""


def reading(
    root: Path, spaces: frozenset[str] | None, known: frozenset[str]
) -> Callable[[Sequence[Path]], list[Read]]:
    """A function that reads the current records among some paths; raises as :meth:`Reader.read`.

    Of other ``spaces``, unless ``None``, only the run is told. Files whose SHA-256 is among the ``known``
    were checked before.
    """
    store, reader = Store(root), Reader(known)

    def read(paths: Sequence[Path]) -> list[Read]:
        records = filter(None, (store.current(path, known) for path in paths))
        return [
            reader.read(record)
            if spaces is None or record.run.space in spaces
            else Read(record.run, record.sha256)
            for record in records
        ]

    return read


class Reader:
    """Makes of records what is kept of them; statistics of the ``known`` ones are not recomputed."""

    def __init__(self, known: Container[str] = ()) -> None:
        self._checker = Checker(known)
        self._frames = {"": pd.DataFrame()}

    def read(self, record: Record) -> Read:
        """What is kept of ``record``.

        Raises
        ------
        ResultsError
            Where its rows are damaged, or its statistics are not those of its rows.
        """
        run = record.run
        if record.status != "ok":
            return Read(run, record.sha256, reason=record.reason or "no reason given")
        task, rows = tasks.of_record(run.task), record.columns
        self._checker.check(record, rows)
        population, outcomes = None, {}
        if task.shared:
            population = hashlib.sha256("\n".join(sorted(map(str, rows["arch"]))).encode()).hexdigest()[:16]
        if "status" in rows:
            outcomes = {
                status: count
                for status, count in Counter(rows["status"].tolist()).items()
                if isinstance(status, str) and status != "ok"
            }
        shared, scores = self._scores(task, rows)
        result = Result(
            run,
            record.statistics,
            population,
            outcomes,
            origin_of(record),
            record.path,
            record.timing or {},
            derived=task.derived(rows),
            failed=failures(rows),
            **scores,
        )
        return Read(run, record.sha256, result, shared=shared)

    def _scores(self, task: tasks.Task, rows: Mapping[str, np.ndarray]) -> tuple[str, dict[str, Any]]:
        """Architectures, named by their content, and their scores."""
        names = [name for name in task.shared if name in rows]
        if not names:
            return "", {"architectures": self._frames[""]}
        key = f"{names} {digest(rows[name] for name in names)}"
        if key not in self._frames:
            self._frames[key] = pd.DataFrame({name: rows[name] for name in names})
        scores = np.where(rows["status"] == "ok", rows["score"], np.nan)
        return key, {"architectures": self._frames[key], "scores": scores}


def numbers_of(statistics: Mapping[str, Any]) -> dict[str, float | None]:
    """Every number of a record's statistics by its dotted name, those of a step by the step's number."""
    found: dict[str, float | None] = {}
    _gather(statistics, "", found)
    return found


def _gather(value: Any, prefix: str, found: dict[str, float | None]) -> None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        found[prefix] = value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in NOT_NUMBERS:
                _gather(item, f"{prefix}.{key}" if prefix else str(key), found)
    elif isinstance(value, list) and prefix == "steps":
        for item in value:
            kept = {key: part for key, part in item.items() if key != "step" and not isinstance(part, list)}
            _gather(kept, f"steps.{item['step']}", found)
