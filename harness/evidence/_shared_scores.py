"""Scores of networks as a search asks for them: kept in the run's folder, and shared among its workers."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import Run
from harness.runs.config import Progress
from harness.runs.setup import Setup
from harness.sharing.shards import Rows, made_by
from harness.sharing.team import Batches, Job, Team
from harness.sharing.workers import work_together
from harness.spaces import Architecture

SIZE = 4
"""Networks per shard: what a kill can cost, and what a worker takes of the few that are asked for at once."""


class SharedScores:
    """Outcomes of ``proxies``, measured or read where an interrupted run has left them.

    Parameters
    ----------
    setup, run
        Whose networks they are, and of which record.
    total
        How many networks will be asked for, for the progress that is told.
    """

    def __init__(
        self, setup: Setup, run: Run, proxies: Sequence[str], total: int, progress: Progress
    ) -> None:
        self._setup, self._run, self._proxies = setup, run, tuple(proxies)
        self._total, self._progress = total, progress
        self._made = made_by(setup.provenance(run))
        self._batches: Batches = {}
        self._done = self._shards = 0

    def measure(self, archs: Sequence[Architecture]) -> dict[str, Rows]:
        """By proxy the outcomes of ``archs``, in their order."""
        job = Job(
            config=self._setup.config,
            runs=dict.fromkeys(self._proxies, self._run),
            wanted_by={proxy: [self._run] for proxy in self._proxies},
            archs=tuple(archs),
            made=dict.fromkeys(self._proxies, self._made),
            size=SIZE,
            first=self._shards,
            apart=True,
        )
        team = Team(self._setup, job, self._batches)
        with team.inside():
            if not self._shards:
                team.begin()
            team.look()
            workers = min(self._setup.config.workers, len(team.open))
            if workers > 1:
                work_together(team, job, workers, self._told)
            team.work(lambda number, count: self._told("networks", team.done + count, len(archs)))
        self._done += len(archs)
        self._shards += len(job.numbers)
        return team.rows

    def _told(self, words: str, done: int, total: int) -> None:
        self._progress("networks", self._done + done, self._total)
