"""Worker processes of one run: each is a member of the team; the process that starts them counts."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from harness.errors import HarnessError, MachineFailure
from harness.processes.parent import end_with_parent, how_it_died
from harness.processes.under_way import tell
from harness.runs.config import Progress
from harness.runs.device import on_own_card
from harness.runs.setup import prepare
from harness.sharing.team import POLL_SECONDS, Job, Team

NOTHING = (0, 0)
"""What a worker that has ended or taken no shard has measured: (shard, architectures)."""


def work_together(team: Team, job: Job, count: int, progress: Progress) -> None:
    """Do the job in ``count`` processes; one that dies is survived by the others.

    Raises
    ------
    MachineFailure
        Where all of them died.
    Exception
        What one of them raised; the others are ended.
    """
    workers: dict[Connection, SpawnProcess] = {}
    try:
        for number in range(count):
            pipe, process = _start(job, number)
            workers[pipe] = process
        died = _attend(team, job, dict(workers), progress)
    finally:
        for pipe, process in workers.items():
            process.terminate()
            process.join()
            process.close()
            pipe.close()
    team.look()
    if len(died) == count and team.open:
        raise MachineFailure(
            f"All {count} worker processes died ({how_it_died(died)}). What they finished is kept: run it "
            "again, or with fewer workers where memory may have run out."
        )


def _attend(
    team: Team, job: Job, workers: dict[Connection, SpawnProcess], progress: Progress
) -> list[int | None]:
    """Report progress until all workers have ended; the exit codes of those that died."""
    counts: dict[Connection, tuple[int, int]] = {}
    died: list[int | None] = []
    while workers:
        ready: list[Any] = wait(list(workers), POLL_SECONDS)
        for pipe in ready:
            message = _received(pipe)
            if isinstance(message, Exception):
                raise message
            counts[pipe] = message or NOTHING
            if message is None:
                process = workers.pop(pipe)
                process.join()
                if process.exitcode != 0:
                    died.append(process.exitcode)
                    if workers:
                        tell(
                            f"A worker process died ({how_it_died(died[-1:])}); {len(workers)} others go on."
                        )
        if any(counts[pipe][1] == 0 for pipe in ready) or not ready:
            team.look()
        missing = set(team.open)
        under_way = sum(done for number, done in counts.values() if number in missing)
        progress("architectures", team.done + under_way, len(job.archs))
    return died


def _received(pipe: Connection) -> tuple[int, int] | Exception | None:
    """What a worker tells; ``None`` where it has ended, also in the middle of a word."""
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


def _start(job: Job, number: int) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, number, theirs), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()
    return mine, process


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started inside never hear of Ctrl-C, which a terminal sends to all: this one ends them."""
    resource_tracker.ensure_running()  # which lets go of the signal when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(job: Job, number: int, pipe: Connection) -> None:
    end_with_parent()
    try:
        setup = prepare(on_own_card(job.config, number))
        team = Team(setup, job)
        with setup.computing, team.inside():
            team.work(lambda number, count: pipe.send((number, count)))
    except Exception as error:
        pipe.send(_sendable(error))


def _sendable(error: Exception) -> Exception:
    """``error`` with its traceback in a note, or its words where it cannot be sent."""
    told = "".join(traceback.format_exception(error))
    try:
        sent = pickle.loads(pickle.dumps(error))
    except Exception:
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    if not isinstance(sent, HarnessError):
        sent.add_note(f"In a worker process:\n{told}")
    return sent
