"""Runners: one straight line per task, from a config to a record.

An item is a module with ``run(setup, progress) -> list[Outcome]``; its name is the task's.
Importing this package does not import torch: a config can be checked in an instant.
"""

from __future__ import annotations

from harness import registry
from harness.runners._check import check
from harness.runners._config import Outcome, Progress, RunConfig, duration
from harness.runners._memory import keep_freed_memory

__all__ = ["Outcome", "Progress", "RunConfig", "check", "duration", "execute", "keep_freed_memory", "names"]


def names() -> tuple[str, ...]:
    """Names of all tasks."""
    return registry.names(__name__)


def execute(config: RunConfig, progress: Progress = lambda words, done, total: None) -> list[Outcome]:
    """Run what ``config`` says: one outcome, and one record, per method.

    Raises
    ------
    HarnessError
        Before anything runs, where the config asks for what does not exist or cannot be.
    """
    if config.source == "published":
        from harness.runners import _published

        return _published.execute(config)
    from harness.runners._setup import prepare

    setup = prepare(config)
    return registry.load(__name__, config.task["name"], "task").run(setup, progress)
