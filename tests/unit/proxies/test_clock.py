from __future__ import annotations

import contextlib
from functools import partial

import pytest

from harness.proxies import _clock


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock the test moves by hand."""
    now = [0.0]
    monkeypatch.setattr(_clock, "perf_counter", lambda: now[0])
    return now


def test_everyone_who_reads_a_result_pays_for_it_and_it_runs_once(time: list[float]) -> None:
    clock = _clock.Clock()
    runs = []
    prices = {"forward": 1.0, "backward": 4.0, "first": 16.0, "second": 64.0}
    reads = {
        "forward": (),
        "backward": ("forward",),
        "first": ("backward",),
        "second": ("forward", "backward"),
    }

    def read(name: str) -> str:
        return clock.read(name, lambda: work(name))

    def work(name: str) -> str:
        runs.append(name)
        time[0] += prices[name] / 2
        for needed in reads[name]:
            read(needed)
        time[0] += prices[name] / 2
        return name.upper()

    assert [read("first"), read("second")] == ["FIRST", "SECOND"]
    assert runs == ["first", "backward", "forward", "second"]
    assert clock.seconds("first") == 21
    assert clock.seconds("second") == 69
    assert clock.seconds("backward") == 5
    assert clock.seconds("forward") == 1


def test_a_failure_is_remembered_and_paid_for(time: list[float]) -> None:
    clock = _clock.Clock()
    runs = []

    def fail() -> None:
        runs.append(1)
        time[0] += 3
        raise ValueError("broken")

    for name in ("first", "second"):
        with pytest.raises(ValueError, match="broken"):
            clock.read(name, partial(clock.read, "shared", fail))
        assert clock.seconds(name) == 3
    assert len(runs) == 1


class Alarm(BaseException):
    """What breaks a computation off without being its outcome."""


def test_what_was_broken_off_is_no_outcome_and_leaves_the_account_right(time: list[float]) -> None:
    clock = _clock.Clock()
    runs = []

    def shared() -> str:
        runs.append(1)
        time[0] += 3
        if len(runs) == 1:
            raise Alarm
        return "shared"

    def outer() -> str:
        with contextlib.suppress(Alarm):
            clock.read("shared", shared)
        return clock.read("shared", shared)

    assert clock.read("outer", outer) == "shared"
    assert len(runs) == 2
    assert clock.seconds("shared") == 3
    assert clock.seconds("outer") == 6
