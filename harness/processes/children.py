"""Processes that this one starts, and what they tell it."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, cast

from harness.errors import HarnessError, MachineFailure
from harness.processes.parent import how_it_died
from harness.processes.under_way import tell

Told = Callable[[Mapping[int, Any]], None]


def start(target: Callable[..., None], *arguments: Any) -> tuple[Connection, SpawnProcess]:
    """A process that calls ``target(*arguments, pipe)``, and the end of the pipe to read from."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, theirs), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()
    return mine, process


def side_by_side(
    target: Callable[..., None], arguments: Sequence[Any], count: int, every: float, told: Told
) -> list[int | None]:
    """Call ``target(*arguments, number, pipe)`` in ``count`` processes; the exit codes of those that died.

    One that dies is survived by the others. ``told({number: message})`` is called with what they tell,
    ``None`` of one that has ended, and with nothing after ``every`` seconds of silence. When it raises, or
    a process tells an exception, which is raised here, all are ended.
    """
    workers: dict[Connection, tuple[int, SpawnProcess]] = {}
    died: list[int | None] = []
    try:
        for number in range(count):
            pipe, process = start(target, *arguments, number)
            workers[pipe] = (number, process)
        left = dict(workers)
        while left:
            messages: dict[int, Any] = {}
            for pipe in cast(list[Connection], wait(list(left), every)):
                number, process = left[pipe]
                messages[number] = message = received(pipe)
                if isinstance(message, Exception):
                    raise message
                if message is not None:
                    continue
                del left[pipe]
                process.join()
                if process.exitcode:
                    died.append(process.exitcode)
                    if left:
                        tell(f"A worker process died ({how_it_died(died[-1:])}); {len(left)} others go on.")
            told(messages)
    finally:
        for pipe, (_, process) in workers.items():
            process.terminate()
            process.join()
            process.close()
            pipe.close()
    return died


def require_one_alive(died: Sequence[int | None], count: int) -> None:
    """Raise :class:`MachineFailure` where all of ``count`` processes died."""
    if len(died) == count:
        raise MachineFailure(
            f"All {count} worker processes died ({how_it_died(died)}). What they finished is kept: run it "
            "again, or with fewer workers where memory may have run out."
        )


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
