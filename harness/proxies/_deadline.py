"""A limit on the time that code may take."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from harness.errors import ConfigError

AGAIN_SECONDS = 1.0
"""Between two alarms, for code that catches everything."""


class OutOfTime(BaseException):
    """Raised in code that has run for longer than it may; it passes by ``except Exception``."""


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise :class:`OutOfTime` inside once ``seconds`` have passed, and every second again; ``None`` never.

    It is the system's alarm (``SIGALRM``), heard whenever Python code runs or waits. A single call into a
    library that does not come back, such as an endless loop in C, does not hear it.

    Raises
    ------
    ConfigError
        Outside the main thread and on systems without alarms, where no limit can be kept.
    """
    if seconds is None:
        yield
        return
    if current_thread() is not main_thread() or not hasattr(signal, "setitimer"):
        raise ConfigError(
            "time_limit is kept by an alarm, which POSIX systems hand to the main thread of a process alone; "
            "run without it here (time_limit=null), or in a process of its own."
        )
    listening = True

    def ring(number: int, frame: FrameType | None) -> None:
        if listening:
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
        try:
            yield
        finally:
            listening = False
    finally:  # once more a block, as the alarm may have rung on the way into the other
        listening = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
