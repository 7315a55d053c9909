"""Work that other processes take part in is the same work."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from harness.errors import ResultsError
from harness.processes import helpers
from harness.processes.helpers import ALONE, PAYS, Helpers, cores

MUCH = 10 * PAYS

Told = tuple[int, int]


def squares(folder: Path, together: int) -> Callable[[int], Told]:
    """A function that says which process it was and waits, at first, until so many have come."""
    (folder / str(os.getpid())).touch()

    def square(number: int) -> Told:
        while len(list(folder.iterdir())) < together:
            time.sleep(0.01)
        return number * number, os.getpid()

    return square


def failing(number: int) -> int:
    if number in (3, 5):
        raise ResultsError(f"{number} is damaged.")
    if number == 4:
        raise ValueError("not ours")
    return number


def failing_function() -> Callable[[int], int]:
    return failing


def fatal(here: int) -> Callable[[int], int]:
    """A function that ends every other process than ``here``."""

    def function(number: int) -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return -number

    return function


def unfit(here: int) -> Callable[[int], object]:
    """A function whose results no other process than ``here`` can send."""
    return lambda number: number if os.getpid() == here else lambda: number


def test_all_take_part_and_the_order_stays(tmp_path):
    with Helpers(2) as others:
        work = others.begin(partial(squares, tmp_path, 3), range(40), MUCH)
        assert len(multiprocessing.active_children()) == 2
        made = work.finish()
        again = others.begin(partial(squares, tmp_path, 3), range(3), MUCH).finish()
    assert [square for square, _ in made] == [number * number for number in range(40)]
    assert len({process for _, process in made}) == 3
    assert [square for square, _ in again] == [0, 1, 4]
    assert {process for _, process in again} <= {process for _, process in made}, "others were started"
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("count", "items", "seconds"), [(0, 9, MUCH), (2, 9, 0.9 * PAYS), (2, 1, MUCH), (2, 0, 0)]
)
def test_little_is_done_alone(count, items, seconds, tmp_path):
    with Helpers(count) as others:
        made = others.begin(partial(squares, tmp_path, 1), range(items), seconds).finish()
        assert not multiprocessing.active_children()
    assert made == [(number * number, os.getpid()) for number in range(items)]


def test_as_many_as_the_work_pays_for(tmp_path):
    with Helpers(9) as others:
        others.begin(partial(squares, tmp_path, 2), range(4), 1.9 * PAYS).finish()
        assert len(multiprocessing.active_children()) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_the_first_error_is_raised(count):
    with Helpers(count) as others, pytest.raises(ResultsError, match="^3 is damaged"):
        others.begin(failing_function, range(9), MUCH).finish()


def test_an_error_that_is_not_ours_says_where_it_was_raised():
    with Helpers(1) as others:
        work = others.begin(failing_function, [4, *range(20, 29)], MUCH)
        work._threads[0].join()
        with pytest.raises(ValueError, match="not ours") as error:
            work.finish()
    assert "in failing" in error.value.__notes__[0]


def test_what_one_that_dies_leaves_is_done_here():
    with Helpers(2) as others:
        made = others.begin(partial(fatal, os.getpid()), range(20), MUCH).finish()
        assert made == [-number for number in range(20)]
        made = others.begin(partial(fatal, os.getpid()), range(20), MUCH).finish()
    assert made == [-number for number in range(20)]


def test_where_no_process_can_be_started_all_is_done_here(monkeypatch, tmp_path):
    def refused(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(helpers, "start", refused)
    with Helpers(2) as others:
        made = others.begin(partial(squares, tmp_path, 1), range(3), MUCH).finish()
    assert made == [(number * number, os.getpid()) for number in range(3)]


def test_progress_is_told_here(tmp_path):
    told: list[int] = []
    ALONE.begin(partial(squares, tmp_path, 1), range(3), MUCH).finish(told.append)
    assert told == [0, 1, 2]


INTERRUPTED = """
import multiprocessing, signal, sys, time
from functools import partial
from harness.processes.helpers import Helpers

def waiting(number):
    if number:
        print(*(each.pid for each in multiprocessing.active_children()), flush=True)
    time.sleep(600)

def make():
    return waiting

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background ignores
    try:
        with Helpers(1) as others:
            others.begin(make, range(2), 60.0).finish()
    except KeyboardInterrupt:
        sys.exit(130)
"""


def test_ctrl_c_ends_all(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        other = int(process.stdout.readline())
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors == ""
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def test_cores_are_those_this_process_may_use(monkeypatch):
    assert cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
