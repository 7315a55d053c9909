"""A worker process ends with the one that started it, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterable
from multiprocessing.connection import wait
from threading import Thread


def end_with_parent() -> None:
    """From now on this process, one of :mod:`multiprocessing`, ends as soon as its parent has ended."""
    if parent := multiprocessing.parent_process():
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def how_it_died(codes: Iterable[int | None]) -> str:
    """``signal SIGKILL``, ``exit code 3``: what is known of processes that ended with these codes."""
    told = Counter(map(_told, codes))
    return ", ".join(f"{count} x {words}" if count > 1 else words for words, count in sorted(told.items()))


def _told(code: int | None) -> str:
    if code is None:
        return "for a reason that is not known"
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"signal {name}"
