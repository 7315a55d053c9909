"""What a proxy hands back: a value, or the status and the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STATUSES = ("ok", "nan", "inf", "disconnected", "failed")
"""The statuses a measurement can have; ``failed`` is an exception, the others are outcomes of the formula."""


@dataclass(frozen=True)
class Measurement:
    """One proxy's result on one network and batch.

    ``value`` is a finite number where ``status`` is ``ok`` and None otherwise; ``reason`` is then
    a sentence. ``seconds`` is what the proxy would cost alone: its own time and that of every shared pass
    it reads, also where that pass was run for another proxy.
    """

    value: float | None
    status: str
    reason: str
    seconds: float


class Undefined(Exception):
    """Raised inside passes and scores where the formula has no finite value; caught by ``measure``."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Refused(Exception):
    """Raised where a network or its batch cannot be scored: the sentence says what to hand over instead."""


def finite(value: float, what: str) -> float:
    """``value`` if it is finite; raises :class:`Undefined` with status ``nan`` otherwise.

    Whether numbers that overflow end as infinity or as infinity minus infinity hangs on the order in which
    a processor adds them up, so both have one status; ``inf`` is for formulas that are infinite.
    """
    if not math.isfinite(value):
        raise Undefined("nan", f"{what} is not a finite number")
    return value


def exact_sum(values: Iterable[float]) -> float:
    """Exact sum of numbers; nan where one of them is not finite or the sum is beyond float64."""
    try:
        found = math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan
