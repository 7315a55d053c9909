"""Rows that could not be measured: how many, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FAILED = "failed"
"""Status of a row whose score raised an exception; other statuses are outcomes of the formula."""

SUMS = ("total", "pruning")
"""Stages of a search whose rows add up other rows."""

TOLD = 2
"""Reasons that are told, the most frequent ones."""


@dataclass(frozen=True)
class Failures:
    """``failed`` of ``total`` rows, and how often which reason was given, the most frequent one first."""

    failed: int
    total: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def all(self) -> bool:
        """Whether there is no row but failed ones."""
        return 0 < self.failed == self.total

    @property
    def words(self) -> str:
        """``3 of 150 failed``; empty where none did."""
        return f"{self.failed:,} of {self.total:,} failed" if self.failed else ""

    @property
    def why(self) -> str:
        """The first reasons."""
        told = "; ".join(reason for reason, _ in self.reasons[:TOLD])
        more = len(self.reasons) - TOLD
        return told + (f"; and {more} other reason{'s' * (more > 1)}" if more > 0 else "")

    def __add__(self, other: Failures) -> Failures:
        return Failures(
            self.failed + other.failed, self.total + other.total, _sorted([*self.reasons, *other.reasons])
        )


def failures(rows: Mapping[str, Iterable[Any]] | pd.DataFrame) -> Failures:
    """The failures among ``rows``, by columns; without those that have no status or sum up others."""
    if "status" not in rows:
        return Failures(0, 0, ())
    statuses = list(rows["status"])
    reasons, stages = (
        list(rows[name]) if name in rows else [None] * len(statuses) for name in ("reason", "stage")
    )
    told = [
        (status, reason)
        for status, reason, stage in zip(statuses, reasons, stages, strict=True)
        if isinstance(status, str) and stage not in SUMS
    ]
    failed = [(reason or "no reason given", 1) for status, reason in told if status == FAILED]
    return Failures(len(failed), len(told), _sorted(failed))


def _sorted(reasons: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for reason, count in reasons:
        counts[reason] += count
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
