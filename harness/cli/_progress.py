"""Progress for people at a terminal; clean lines for pipes and logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from harness.runners import RunConfig

LOG_WIDTH = 140
"""Columns of what is printed into a pipe or a file."""


SPEED_SECONDS = 600.0
"""How far back the time left looks: one score may take many seconds."""


def described(run: RunConfig, doing: str) -> str:
    """A bar's text, short enough for 80 columns."""
    return f"{run.space['name']}: {doing}, seed {run.seed}"


def console_for(stream: TextIO) -> Console:
    """A console as wide as the terminal, or as wide as tables need where there is none."""
    return Console(file=stream, width=None if stream.isatty() else LOG_WIDTH)


def bars(console: Console) -> Progress:
    """Bars with the count done and the time left; they vanish when done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=SPEED_SECONDS,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def single_run(run: RunConfig) -> Iterator[Callable[[str, int, int], None]]:
    """A progress function for one run, drawn on stderr where that is a terminal."""
    with bars(Console(stderr=True)) as progress:
        task = progress.add_task(run.task["name"], total=None)

        def update(doing: str, done: int, total: int) -> None:
            progress.update(task, description=described(run, doing), completed=done, total=total)

        yield update


@contextmanager
def drawing() -> Iterator[Callable[[str, int, int], None]]:
    """A progress function for a report's figures, drawn on stderr where that is a terminal."""
    with bars(Console(stderr=True)) as progress:
        task = progress.add_task("figures", total=None)
        yield lambda doing, done, total: progress.update(task, description=doing, completed=done, total=total)
