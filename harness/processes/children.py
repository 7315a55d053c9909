"""Processes that this one starts, and what they tell it."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from harness.errors import HarnessError


def start(target: Callable[..., None], *arguments: Any) -> tuple[Connection, SpawnProcess]:
    """A process that calls ``target(*arguments, pipe)``, and the end of the pipe to read from."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, theirs), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()
    return mine, process


def received(pipe: Connection) -> Any:
    """What a process tells; ``None`` where it has ended, also in the middle of a word."""
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


def sendable(error: Exception) -> Exception:
    """``error`` with its traceback in a note, or its words where it cannot be sent."""
    told = "".join(traceback.format_exception(error))
    try:
        sent = pickle.loads(pickle.dumps(error))
    except Exception:
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    if not isinstance(sent, HarnessError):
        sent.add_note(f"In a worker process:\n{told}")
    return sent


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started inside never hear of Ctrl-C, which a terminal sends to all: this one ends them."""
    resource_tracker.ensure_running()  # which lets go of the signal when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
