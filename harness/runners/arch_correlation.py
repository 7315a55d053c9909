"""Task ``arch_correlation``: architectures scored by zero-cost proxies, against trained accuracy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from harness import aggregations, networks, proxies, records, stats, tasks
from harness.benchmarks import Ceiling, Measured
from harness.processes.claims import inside, remove, turn
from harness.processes.under_way import describe, folder_of, tell
from harness.runners._whole import WholeSpace
from harness.runs.config import Estimate, Outcome, Progress
from harness.runs.context import Clock, failures_recorded, record_failure
from harness.runs.origins import Origin, of_record
from harness.runs.setup import Setup
from harness.seeding import generator
from harness.sharing.shards import SIZE, Rows, made_by
from harness.sharing.team import Job, Team
from harness.sharing.workers import work_together
from harness.spaces import Architecture

TASK = tasks.load("arch_correlation")
"""Population proxies have columns ``part.<name>`` behind the task's own: the scores that they rank."""


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Score a population with every proxy asked for and write one record per proxy.

    The population is ``task.population`` distinct networks drawn with the run's seed, or all of
    the benchmark's. All proxies share the weights and the batches, and as many passes
    as they have in common; what a proxy's value is does not depend on its company. Population proxies
    rank what single-network proxies measured: for this call, or for a record that is there.

    Rows are saved as they are measured, a few architectures at a time (:mod:`harness.sharing.shards`), and
    a run that was killed goes on with them. ``workers`` processes measure, and whoever runs the same on the
    same results; the first that sees all rows writes the record. A proxy that failed on all architectures
    has a failed record, and its rows are forgotten.
    """
    setup.benchmark.require_as_many(setup.label.name, setup.config.task["population"])
    parts = parts_by_name(setup)
    runs = {name: run_of(setup, name, parts[name]) for name in parts}
    whole = WholeSpace(setup, parts, draw(setup, "all")) if _timed(setup) else None
    outcomes = {
        name: setup.existing(run, partial(_estimate, setup, run, whole)) for name, run in runs.items()
    }
    pending = {name: runs[name] for name, outcome in outcomes.items() if outcome is None}
    if pending:
        clock = Clock()
        with failures_recorded(setup, list(pending.values()), clock):
            outcomes |= complete(setup, pending, parts, clock, progress)
    if not setup.config.dry_run:
        for finished in runs.values():
            remove(folder_of(setup.store.root, finished))
    return [outcome for outcome in outcomes.values() if outcome is not None]


def _timed(setup: Setup) -> bool:
    """Whether it is worth while to time the proxies before anything is run."""
    config = setup.config
    return config.dry_run and setup.estimating and config.task["population"] == "all"


def _estimate(setup: Setup, run: records.Run, whole: WholeSpace | None) -> Estimate | None:
    """How long the truth takes where it is measured here, and proxies in a whole space.

    Of fewer networks, and of all where they have run, other seeds tell.
    """
    seconds = None
    if whole is not None and not any(record.status == "ok" for record in setup.store.alike(run)):
        seconds = whole.estimate(run.method)
    if not isinstance(setup.benchmark, Measured):
        return seconds
    return setup.with_truth(seconds, draw(setup, setup.config.task["population"]))


def parts_by_name(setup: Setup) -> dict[str, tuple[str, ...]]:
    """By proxy asked for, the single-network proxies a population proxy ranks, in order; none for others."""
    single, told = proxies.names(), setup.config.proxy
    parts: dict[str, tuple[str, ...]] = {}
    for name in told["names"]:
        if name in single:
            parts[name] = ()
        else:
            of = told.get("of") if aggregations.load(name).ABOUT.any_list else None
            parts[name] = tuple(sorted(aggregations.parts(name, of)))
    return parts


def run_of(setup: Setup, name: str, parts: tuple[str, ...] = ()) -> records.Run:
    """The run of a proxy, or of a population proxy with the list of what it ranks."""
    population = {"population": setup.config.task["population"]}
    counted = setup.counted(*(parts or (name,)))
    return setup.run(
        name, setup.measured_settings | population | counted | ({"of": list(parts)} if parts else {})
    )


def complete(
    setup: Setup,
    pending: Mapping[str, records.Run],
    parts: Mapping[str, tuple[str, ...]],
    clock: Clock,
    progress: Progress,
) -> dict[str, Outcome]:
    """Measure what the ``pending`` runs rest on and write their records."""
    population = Population(setup, draw(setup, setup.config.task["population"]))
    if isinstance(setup.benchmark, Measured):
        # Before the scores, so that what is wrong with a figure is told at once.
        setup.benchmark.values(population.archs, setup.label.name)
    wanted_by: dict[str, list[records.Run]] = {}
    for name, run in pending.items():
        for part in parts[name] or (name,):
            wanted_by.setdefault(part, []).append(run)
    single = {name: run_of(setup, name) for name in sorted(wanted_by)}
    found = {} if setup.config.force else recorded(setup, single, population)
    measured_now = {name: run for name, run in single.items() if name not in found}
    job = Job(
        config=setup.config,
        runs=measured_now,
        wanted_by=wanted_by,
        archs=population.archs,
        made={name: made_by(setup.provenance(run)) for name, run in measured_now.items()},
        size=SIZE,
    )
    begun = {folder_of(setup.store.root, run): run for run in (*pending.values(), *job.runs.values())}
    with ExitStack() as stack:
        for folder in sorted(begun):
            stack.enter_context(inside(folder))
            describe(setup.store.root, begun[folder], len(job.archs), job.size)
        found |= measured(setup, job, progress)
        outcomes = {name: finish(setup, run, population, found, clock) for name, run in pending.items()}
    for folder in begun:
        remove(folder)
    return outcomes


def draw(setup: Setup, population: int | str) -> tuple[Architecture, ...]:
    """The architectures to score: distinct networks, in the order of their names."""
    known = setup.benchmark.population
    count = len(known.listed("task.population=all")) if isinstance(population, str) else population
    archs = known.sample_distinct(count, generator(setup.config.seed, "population"))
    return tuple(sorted(archs))


def recorded(setup: Setup, runs: Mapping[str, records.Run], population: Population) -> dict[str, Rows]:
    """The rows of those runs that have a record: what pending population proxies rank may have its own.

    One that was made by other code, versions or precision, or on another kind of machine, is told of and left
    alone: those networks are measured again.
    """
    found = {}
    for name, run in runs.items():
        record = setup.store.find(run)
        if record is None or record.rows["arch"].tolist() != population.columns["arch"].tolist():
            continue
        made = (record.provenance, setup.provenance(run))
        if differing := records.differences(*(records.decisive(each, records.MEASURING) for each in made)):
            tell(f"{record.path} was made by other {differing}; what it holds is measured again.")
            continue
        score, status, reason = (record.rows[column].tolist() for column in ("score", "status", "reason"))
        seconds = (record.timing or {}).get("proxy_seconds")
        found[name] = Rows(score, status, reason, seconds, [of_record(record)])
    return found


def measured(setup: Setup, job: Job, progress: Progress) -> dict[str, Rows]:
    """The rows of every run of the job, by proxy; without those that others have made use of meanwhile."""
    if not job.runs:
        return {}
    team = Team(setup, job)
    team.begin()
    team.look()
    workers = min(setup.config.workers, len(team.open))
    if workers > 1:
        work_together(team, job, workers, progress)
    team.work(lambda number, count: progress("architectures", team.done + count, len(job.archs)))
    progress("architectures", len(job.archs), len(job.archs))
    return team.rows


@dataclass(frozen=True)
class Population:
    """The architectures of a run, and what is the same for all proxies: computed once, when first read."""

    setup: Setup
    archs: tuple[Architecture, ...]

    @cached_property
    def columns(self) -> pd.DataFrame:
        """The columns that no proxy changes."""
        space, benchmark = self.setup.space, self.setup.benchmark
        image_size = benchmark.dataset(self.setup.label.name).image_size
        return pd.DataFrame(
            {
                "arch": [space.format(arch) for arch in self.archs],
                "canonical": [space.canonical(arch) for arch in self.archs],
                "connected": [space.connected(arch) for arch in self.archs],
                "accuracy": benchmark.goodness(self.archs, self.setup.label.name),
                "params": [networks.parameter_count(space, arch) for arch in self.archs],
                "flops": [networks.flop_count(space, arch, image_size=image_size) for arch in self.archs],
                "operations": [space.non_identity_operations(arch) for arch in self.archs],
            }
        )

    @cached_property
    def statistics(self) -> dict[str, Any]:
        """What a record says of the baselines, the ceiling and the population."""
        benchmark, label = self.setup.benchmark, self.setup.label.name
        return {
            **TASK.statistics(self.columns, names=TASK.baselines),
            "ceiling": _ceiling(benchmark.runs(self.archs, label), self.setup.label.ceiling),
            "population": {
                "sampled": len(self.archs),
                "distinct": True,
                "space_size": benchmark.population.size,
            },
        }


def _ceiling(runs: np.ndarray | None, published: Ceiling | None) -> dict[str, Any]:
    """Of the label's own runs, or the published one: that has a source."""
    own = stats.ceiling(runs)
    if own["kendall"] is not None or published is None:
        return own
    return own | {"runs": 2, "pairs": 1, "reason": None} | asdict(published)


def finish(
    setup: Setup, run: records.Run, population: Population, found: Mapping[str, Rows], clock: Clock
) -> Outcome:
    """Write the record of ``run``, unless another process has."""
    with turn(folder_of(setup.store.root, run) / "record.lock"):
        return setup.existing(run) or write(setup, run, population, found, clock)


def write(
    setup: Setup, run: records.Run, population: Population, found: Mapping[str, Rows], clock: Clock
) -> Outcome:
    """Compare one proxy's scores with the truth and write its record."""
    outcomes, parts = scored(run, found)
    failures = records.failures({"status": outcomes.status, "reason": outcomes.reason})
    if failures.all:
        reason = f"None of the {failures.total:,} architectures could be measured: {failures.why}"
        path = record_failure(setup, run, clock, reason) or setup.store.path(run)
        return Outcome(run.method, "failed", path, reason)
    rows = population.columns.assign(
        score=pd.Series(outcomes.score, dtype=float), status=outcomes.status, reason=outcomes.reason
    )[list(TASK.columns)].assign(**parts)
    statistics = {**TASK.statistics(rows, names=("score",)), **population.statistics}
    seconds = None if outcomes.seconds is None else round(outcomes.seconds, 3)
    timing = clock.timing(proxy_seconds=seconds, architectures=len(population.archs))
    path = setup.write(run, rows, statistics, timing, origins=origins(run, found))
    words = [TASK.headline(statistics, setup.label.told), failures.words, _why_undefined(outcomes)]
    return Outcome(run.method, "done", path, ", ".join(filter(None, words)))


def _why_undefined(outcomes: Rows) -> str:
    """Where no architecture has a score, the reason that is given most often."""
    if "ok" in outcomes.status:
        return ""
    reasons = Counter(reason for reason in outcomes.reason if reason)
    return reasons.most_common(1)[0][0] if reasons else ""


def origins(run: records.Run, found: Mapping[str, Rows]) -> dict[str, list[Origin]]:
    """By column of scores where they were measured."""
    if "of" not in run.settings:
        return {"score": found[run.method].origins}
    return {f"part.{part}": found[part].origins for part in run.settings["of"]}


def scored(run: records.Run, found: Mapping[str, Rows]) -> tuple[Rows, dict[str, pd.Series]]:
    """The outcomes of a run, and for a population proxy the columns of its parts' scores."""
    if "of" not in run.settings:
        return found[run.method], {}
    parts = {part: found[part] for part in run.settings["of"]}
    columns = {
        part: {"score": rows.score, "status": rows.status, "reason": rows.reason}
        for part, rows in parts.items()
    }
    scores, statuses, reasons = aggregations.combine(run.method, columns)
    seconds = [rows.seconds for rows in parts.values() if rows.seconds is not None]
    outcomes = Rows(list(scores), statuses, reasons, sum(seconds) if len(seconds) == len(parts) else None)
    return outcomes, {f"part.{part}": pd.Series(rows.score, dtype=float) for part, rows in parts.items()}
