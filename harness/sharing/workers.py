"""Worker processes of one run: each is a member of the team; the process that starts them counts."""

from __future__ import annotations

from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from harness.processes.children import require_one_alive, sendable, side_by_side
from harness.processes.parent import end_with_parent
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
    counts: dict[int, tuple[int, int]] = {}

    def told(messages: Mapping[int, Any]) -> None:
        counts.update({number: message or NOTHING for number, message in messages.items()})
        if not messages or any(counts[number][1] == 0 for number in messages):
            team.look()
        missing = set(team.open)
        under_way = sum(done for number, done in counts.values() if number in missing)
        progress("architectures", team.done + under_way, len(job.archs))

    died = side_by_side(_work, (job,), count, POLL_SECONDS, told)
    team.look()
    if team.open:
        require_one_alive(died, count)


def _work(job: Job, number: int, pipe: Connection) -> None:
    end_with_parent()
    try:
        setup = prepare(on_own_card(job.config, number))
        team = Team(setup, job)
        with setup.computing, team.inside():
            team.work(lambda number, count: pipe.send((number, count)))
    except Exception as error:
        pipe.send(sendable(error))
