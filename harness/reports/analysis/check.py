"""A record's statistics, once more from its rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from harness import tasks
from harness.errors import ResultsError
from harness.records import Record

TOLERANCE = 1e-9
"""Far below any digit that is shown, far above what another machine's rounding does."""

NOT_COMPARED = ("_low", "_high", "reason", "reasons")
"""Bootstrap ends, which would take seconds per record, and words."""


class Checker:
    """Recomputes statistics; a baseline shared by many records is computed once.

    Records whose SHA-256 is among the ``agreed`` are passed over.
    """

    def __init__(self, agreed: Container[str] = ()) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._agreed = agreed

    def check(self, record: Record, rows: Mapping[str, Any]) -> None:
        """Compare the stored statistics of an ok ``record`` with those of its rows, columns by name.

        Bootstrap ends are not recomputed; a task may say what else is compared (``Task.check``).

        Raises
        ------
        ResultsError
            Naming the record, the number, and both values.
        """
        if record.sha256 not in self._agreed:
            self._compare(record, rows)

    def _compare(self, record: Record, rows: Mapping[str, Any]) -> None:
        try:
            fresh = self._recompute(record, rows)
            differs = _difference(fresh, record.statistics)
        except (KeyError, TypeError, IndexError) as error:
            raise ResultsError(
                f"{record.path} lacks what a record of {record.run.task} has ({error}); run it again."
            ) from error
        if differs is not None:
            name, computed, stored = differs
            raise ResultsError(
                f"{record.path} does not agree with its rows: {name} is stored as {stored} and its rows "
                f"give {computed}; move it out of the results and run it again."
            )

    def _recompute(self, record: Record, rows: Mapping[str, Any]) -> dict[str, Any]:
        task = tasks.of_record(record.run.task)
        if task.baselines:
            return self._by_score(task, rows)
        return task.check(record.statistics, rows) if task.check else task.statistics(rows)

    def _by_score(self, task: tasks.Task, rows: Mapping[str, Any]) -> dict[str, Any]:
        columns = {name: np.asarray(rows[name]) for name in task.columns if name in rows}
        shared = digest(columns[name] for name in task.shared if name in columns and name not in task.row_key)
        keys = {}
        for name in task.recomputed:
            if name in columns:
                own = ("score", "status") if name == "score" else (name,)
                keys[name] = f"{name} {shared} {digest(columns[part] for part in own)}"
        new = [name for name, key in keys.items() if key not in self._known]
        found = task.statistics(columns, 0, new)
        self._known |= {keys[name]: found[name] for name in new}
        return {name: self._known[key] for name, key in keys.items()}


def digest(columns: Iterable[np.ndarray]) -> str:
    """SHA-256 in hex of all values in their order, missing ones included."""
    found = hashlib.sha256()
    for column in columns:
        words = column.dtype == object
        data = repr(column.tolist()).encode() if words else column.tobytes()
        found.update(f"{column.dtype.str} {len(data)} ".encode() + data)
    return found.hexdigest()


def _difference(fresh: Any, stored: Any, name: str = "") -> tuple[str, Any, Any] | None:
    """Name, fresh and stored value of the first leaf that differs; ``None`` without one."""
    if isinstance(fresh, Mapping):
        for key, item in fresh.items():
            if not key.endswith(NOT_COMPARED) and item != (other := stored[key]):
                found = _difference(item, other, f"{name}.{key}" if name else key)
                if found is not None:
                    return found
    elif isinstance(fresh, list):
        if len(fresh) != len(stored):
            return f"{name} (length)", len(fresh), len(stored)
        for index, (item, other) in enumerate(zip(fresh, stored, strict=True)):
            if item != other and (found := _difference(item, other, f"{name}.{index}")) is not None:
                return found
    elif not _same(fresh, stored):
        return name, fresh, stored
    return None


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return a == b
