"""Two records of what should be the same run: which numbers differ, and what else changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.records.changes import Change, changes
from harness.records.record import Record

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Moved:
    """One number or word of the rows that is not what it was: where it stands, before, after."""

    row: int
    place: str
    column: str
    before: Any
    after: Any

    @property
    def relative(self) -> float:
        """``|after - before| / max(|before|, |after|)``; infinite where one of them is no number."""
        try:
            before, after = float(self.before), float(self.after)
        except (TypeError, ValueError):
            return np.inf
        if not np.isfinite([before, after]).all():
            return np.inf
        return abs(after - before) / max(abs(before), abs(after))


@dataclass(frozen=True)
class Repetition:
    """How a second record differs from a first one.

    Attributes
    ----------
    rows
        Rows of the first, and of the second.
    moved
        Entries of the rows that differ, in order; all columns of either count.
    statistics, settings, environment
        What differs in the statistics, in the settings that make the run's identity, and in the
        provenance (code, versions, machine, precision, threads) of what both say.
    unknown
        What the first one's provenance, of an older version, does not say.
    """

    rows: tuple[int, int]
    moved: tuple[Moved, ...]
    statistics: tuple[Change, ...]
    settings: tuple[Change, ...]
    environment: tuple[Change, ...]
    unknown: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every row and every statistic is the same, bit for bit."""
        return self.rows[0] == self.rows[1] and not self.moved and not self.statistics


def repetition(first: Record, second: Record) -> Repetition:
    """Compare two records entry by entry; raises :class:`~harness.errors.ResultsError` for damaged rows."""
    before, after = first.rows, second.rows
    return Repetition(
        (len(before), len(after)),
        tuple(_moved(before, after)),
        tuple(changes(first.statistics, second.statistics)),
        tuple(changes(first.run.settings, second.run.settings)),
        tuple(changes(first.provenance, {name: second.provenance.get(name) for name in first.provenance})),
        tuple(name for name in second.provenance if name not in first.provenance),
    )


def _moved(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Moved]:
    count = min(len(before), len(after))
    columns = [*before.columns, *(name for name in after.columns if name not in before)]
    differs = {name: _differs(before, after, name, count) for name in columns}
    for row in np.flatnonzero(np.any(list(differs.values()), axis=0)).tolist() if columns else ():
        place = ", ".join(
            str(value)
            for name, value in before.iloc[row].items()
            if isinstance(value, str) and name not in ("status", "reason") and not differs[name][row]
        )
        for name in columns:
            if differs[name][row]:
                yield Moved(row, place, name, *(_entry(frame, name, row) for frame in (before, after)))


def _differs(before: pd.DataFrame, after: pd.DataFrame, name: str, count: int) -> np.ndarray:
    if name not in before or name not in after:
        return np.ones(count, dtype=bool)
    one, other = (frame[name].iloc[:count].astype(object) for frame in (before, after))
    missing = one.isna().to_numpy() & other.isna().to_numpy()
    return ~(np.array([a == b for a, b in zip(one, other, strict=True)], dtype=bool) | missing)


def _entry(frame: pd.DataFrame, name: str, row: int) -> Any:
    if name not in frame:
        return None
    return None if frame[name].isna().iloc[row] else frame[name].iloc[row]
