"""Tasks: what is scored, which rows and statistics come of it, and what is told of them; without torch.

An item is a module with a :class:`Task` called ``TASK``; how it is run stands in :mod:`harness.runners`, its
tables in :mod:`harness.reports.tables`, each under the same name. Statistics load SciPy, so a task's module
imports them only where they are made.
"""

from __future__ import annotations

from functools import cache

from harness import registry
from harness.tasks._task import Measure, Task

__all__ = ["Measure", "Task", "load", "names", "of_record"]


def names() -> tuple[str, ...]:
    """Names of all tasks, sorted."""
    return registry.names(__name__)


def load(name: str) -> Task:
    """The task ``name``.

    Raises
    ------
    UnknownNameError
        With the nearest name and the full list, where no item carries ``name``.
    """
    return registry.load(__name__, name, "task").TASK


@cache
def of_record(name: str) -> Task:
    """The task of a record; where it is not installed, one of which the name alone is known."""
    return load(name) if name in names() else Task(name, name, "")
