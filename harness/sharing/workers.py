"""Worker processes of one run: each is a member of the team; the process that starts them counts."""

from __future__ import annotations

from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from harness.errors import MachineFailure
from harness.processes.children import received, sendable, start
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
            pipe, process = start(_work, job, number)
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
            message = received(pipe)
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


def _work(job: Job, number: int, pipe: Connection) -> None:
    end_with_parent()
    try:
        setup = prepare(on_own_card(job.config, number))
        team = Team(setup, job)
        with setup.computing, team.inside():
            team.work(lambda number, count: pipe.send((number, count)))
    except Exception as error:
        pipe.send(sendable(error))
