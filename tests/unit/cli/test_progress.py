"""Bars for a terminal, nothing for a pipe."""

from __future__ import annotations

import io

from rich.console import Console

from harness.cli._progress import bars, console_for, described
from harness.runners import RunConfig

RUN = RunConfig(space={"name": "nb1shot1_3"}, seed=3)


def drawn(terminal: bool) -> str:
    stream = io.StringIO()
    with bars(Console(file=stream, force_terminal=terminal, width=80)) as progress:
        task = progress.add_task(described(RUN, "operation scores"), total=10)
        progress.update(task, completed=4)
        progress.refresh()
    return stream.getvalue()


def test_a_terminal_sees_what_is_done_and_the_time_left_in_80_columns():
    text = drawn(terminal=True)
    assert "nb1shot1_3: operation scores, seed 3" in text
    assert " 4/10" in text
    assert "left" in text
    assert "…" not in text


def test_a_pipe_sees_nothing_of_it():
    assert drawn(terminal=False) == ""


def test_tables_in_a_pipe_are_wide_enough():
    assert console_for(io.StringIO()).width == 140
