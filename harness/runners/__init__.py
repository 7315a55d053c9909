"""Runners: one straight line per task, from a config to a record.

An item is a module with ``run(setup, progress) -> list[Outcome]``; its name is the task's.
Importing this package does not import torch: a config can be checked in an instant.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import evidence, registry
from harness.processes.memory import keep_freed_memory
from harness.processes.parent import end_with_parent, how_it_died
from harness.runners._check import check
from harness.runs import truth
from harness.runs.config import Outcome, Progress, RunConfig, duration
from harness.runs.device import arithmetic, cards, on_own_card
from harness.tasks.shrink import THEN

if TYPE_CHECKING:
    from harness.processes.under_way import Supernet, UnderWay
    from harness.runs.context import Context

__all__ = [
    "Outcome",
    "Progress",
    "RunConfig",
    "arithmetic",
    "cards",
    "check",
    "duration",
    "end_with_parent",
    "execute",
    "how_it_died",
    "keep_freed_memory",
    "names",
    "on_own_card",
    "planned",
    "supernets",
    "under_way",
]


def names() -> tuple[str, ...]:
    """Names of all tasks."""
    return registry.names(__name__)


def execute(config: RunConfig, progress: Progress = lambda words, done, total: None) -> list[Outcome]:
    """Run what ``config`` says: one outcome, and one record, per method.

    Raises
    ------
    HarnessError
        Before anything runs, where the config asks for what does not exist or cannot be.
    RunFailed
        Where a run began and could not be finished. It has a failed record, and is not taken for done.
    MachineFailure
        Where the reason is the machine's, such as memory that ran out: no row is kept of what it met.
    """
    return _execute(config, progress)


def planned(config: RunConfig) -> list[Outcome]:
    """The runs of ``config``: skipped where a record exists, else planned; nothing is run or timed.

    Raises
    ------
    HarnessError
        As :func:`execute`.
    """
    return _execute(replace(config, dry_run=True, force=False), lambda *_: None, estimating=False)


def under_way(root: Path) -> list[UnderWay]:
    """The runs in the results folder ``root`` that were begun and have no record yet, or are done again."""
    from harness.processes import under_way  # loads pandas

    return under_way.under_way(root)


def supernets(root: Path) -> list[Supernet]:
    """The supernets in the results folder ``root`` that are not trained to the end."""
    from harness.processes import under_way

    return under_way.supernets(root)


def _execute(config: RunConfig, progress: Progress, estimating: bool = True) -> list[Outcome]:
    from harness.runs.context import machine_failures_told

    check(config)
    context = _context(config, estimating, progress)
    computing = nullcontext() if config.dry_run else context.computing
    with computing, machine_failures_told():
        outcomes = registry.load(__name__, config.task["name"], "task").run(context, progress)
    return [
        replace(outcome, headline=f"{outcome.headline}; {context.notice}")
        if context.notice and outcome.status != "skipped"
        else outcome
        for outcome in outcomes
    ]


def _by_figures(config: RunConfig) -> bool:
    """Whether published scores or known figures are all that is read, so that no network is built."""
    method = evidence.method_of(config)
    asked = method is not None and getattr(evidence.load(method.evidence), "FIGURES_ALONE", False)
    builds = truth.is_measured(config) or "zero_cost_pt" in THEN.get(config.task.get("then", "none"), ())
    return config.source == "published" or (asked and not builds)


def _context(config: RunConfig, estimating: bool, progress: Progress) -> Context:
    if _by_figures(config):
        from harness.runs.context import context_of, machine_failures_told

        with machine_failures_told():
            return context_of(config, estimating, progress)
    from harness.runs.setup import prepare  # loads pandas

    return prepare(config, estimating, progress)
