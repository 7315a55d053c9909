"""What a proxy hands back: a value, or the status and the reason why there is none."""

from __future__ import annotations

import math
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


def finite(value: float, what: str) -> float:
    """``value`` if it is finite; raises :class:`Undefined` with status ``nan`` or ``inf`` otherwise."""
    if math.isnan(value):
        raise Undefined("nan", f"{what} is not a number")
    if math.isinf(value):
        raise Undefined("inf", f"{what} is {'' if value > 0 else 'minus '}infinity")
    return value
