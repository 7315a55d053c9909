"""A record's statistics, once more from its rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import ResultsError
from harness.records import Record
from harness.stats import architecture_agreement, operation_agreement
from harness.stats.population_agreement import COLUMNS

TOLERANCE = 1e-9
"""Far below any digit that is shown, far above what another machine's rounding does."""

SHARED = ("accuracy", "params", "canonical", "connected")
"""Columns that the statistics of every score hang on."""

NOT_COMPARED = ("_low", "_high", "reason", "reasons")
"""Bootstrap ends, which would take seconds per record, and words."""


class Checker:
    """Recomputes statistics; a baseline shared by many records is computed once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def check(self, record: Record, rows: pd.DataFrame) -> None:
        """Compare the stored statistics of an ok ``record`` with those of its rows.

        Bootstrap ends are not recomputed. A search's accuracy is not in its rows by design; there the
        regret is compared with the two accuracies it is the difference of.

        Raises
        ------
        ResultsError
            Naming the record, the number, and both values.
        """
        try:
            fresh = self._recompute(record, rows)
            pairs = list(_pairs(fresh, record.statistics))
        except (KeyError, TypeError, IndexError) as error:
            raise ResultsError(
                f"{record.path} lacks what a record of {record.run.task} has ({error}); run it again."
            ) from error
        for name, computed, stored in pairs:
            if not _same(computed, stored):
                raise ResultsError(
                    f"{record.path} does not agree with its rows: {name} is stored as {stored} and its rows "
                    f"give {computed}; move it out of the results and run it again."
                )

    def _recompute(self, record: Record, rows: pd.DataFrame) -> dict[str, Any]:
        if record.run.task == "arch_correlation":
            return self._architectures(rows)
        if record.run.task == "op_correlation":
            return operation_agreement(rows)
        accuracies = [record.statistics[name] for name in ("best_accuracy", "accuracy")]
        return {"regret": None if None in accuracies else accuracies[0] - accuracies[1]}

    def _architectures(self, rows: pd.DataFrame) -> dict[str, Any]:
        columns = {name: rows[name].to_numpy() for name in (*SHARED, *COLUMNS, "status") if name in rows}
        shared = _digest(columns[name] for name in SHARED if name in columns)
        result = {}
        for name in COLUMNS:
            if name in columns:
                own = ("score", "status") if name == "score" else (name,)
                key = f"{name} {shared} {_digest(columns[part] for part in own)}"
                if key not in self._known:
                    self._known[key] = architecture_agreement(columns, 0, (name,))[name]
                result[name] = self._known[key]
        return result


def _digest(columns: Iterable[np.ndarray]) -> str:
    """Of all values, missing ones included."""
    return hashlib.sha256(repr([column.tolist() for column in columns]).encode()).hexdigest()


def _pairs(fresh: Any, stored: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every leaf of ``fresh`` beside the stored one."""
    if isinstance(fresh, Mapping):
        for key, item in fresh.items():
            if not key.endswith(NOT_COMPARED):
                yield from _pairs(item, stored[key], f"{name}.{key}" if name else key)
    elif isinstance(fresh, list):
        yield f"{name} (length)", len(fresh), len(stored)
        for index, (item, other) in enumerate(zip(fresh, stored, strict=False)):
            yield from _pairs(item, other, f"{name}.{index}")
    else:
        yield name, fresh, stored


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return a == b
