"""Workers of one run: killed, stuck, interrupted, and always the same bytes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness import records
from harness.errors import ConfigError, MachineFailure, RunFailed
from harness.processes import children
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import team as _team
from harness.sharing import workers as _workers
from tests.children import CHILDREN
from tests.unit.runners.shards.conftest import COUNT, SIZE, content, die, interrupted, statuses


def test_workers_change_no_byte(made, measured, capfd):
    seen = []
    made = replace(made, proxy={"names": ["nwot", "synflow", "params"]})
    execute(made)
    del measured[:]
    spread = replace(made, results=made.results + "-spread", workers=2)
    assert statuses(execute(spread, lambda *told: seen.append(told))) == 3 * ["done"]
    assert content(spread.results) == content(made.results)
    assert measured == [], "this process measures nothing itself"
    assert {(words, total) for words, _, total in seen} == {("architectures", COUNT)}
    counts = [done for _, done, _ in seen]
    assert counts == sorted(counts)
    assert counts[-1] == COUNT
    assert any(done % SIZE for done in counts), "architectures are counted, not shards alone"
    assert capfd.readouterr().err == ""
    assert multiprocessing.active_children() == []


class Deadly:
    """A pipe that kills its process behind the first architecture."""

    def __init__(self, pipe):
        self._pipe = pipe

    def send(self, message):
        if message[1]:
            die()
        self._pipe.send(message)


def one_dies(job, number, pipe):
    """One worker of several is killed in the middle of a shard, before another can take any."""
    _team.POLL_SECONDS = 0.02
    mark = Path(job.config.results) / "killed"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        while not list(Path(job.config.results).glob("shards/*/*.lock")) or not mark.read_text():
            time.sleep(0.01)
        _workers._work(job, number, pipe)
    else:
        mark.write_text("in a moment")
        _workers._work(job, number, Deadly(pipe))


def all_die(job, number, pipe):
    _workers._work(job, number, Deadly(pipe))


def test_the_others_take_the_shard_of_a_worker_that_is_killed(
    made, expected, quick_workers, monkeypatch, capfd
):
    work = _workers._work
    monkeypatch.setattr(_workers, "_work", one_dies)
    execute(replace(made, workers=2))
    monkeypatch.setattr(_workers, "_work", work)
    mark = Path(made.results, "killed")
    mark.unlink()
    assert content(made.results) == expected
    assert capfd.readouterr().err == "harness: A worker process died (signal SIGKILL); 1 others go on.\n"


def test_workers_that_all_die_are_told_of(made, expected, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", all_die)
    told = r"All 2 worker processes died \(2 x signal SIGKILL\).*fewer workers"
    with pytest.raises(MachineFailure, match=told):
        execute(replace(made, workers=2))
    (failed,) = {each.reason for each in records.Store(made.results).records()}
    assert "All 2 worker processes died" in failed


class NotSent(Exception):
    """Cannot be made anew from what it keeps."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def raises(error):
    def batches(*_):
        raise error

    _team.batches = batches


def broken_config(job, number, pipe):
    raises(ConfigError("That cannot be."))
    _workers._work(job, number, pipe)


def broken_code(job, number, pipe):
    raises(NotSent("so", "what"))
    _workers._work(job, number, pipe)


@pytest.mark.parametrize(
    ("work", "kind", "words"),
    [(broken_config, RunFailed, "^That cannot be.$"), (broken_code, RuntimeError, "^NotSent: so what")],
)
def test_what_a_worker_raises_is_raised(work, kind, words, made, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", work)
    with pytest.raises(kind, match=words) as caught:
        execute(replace(made, workers=2))
    notes = getattr(caught.value, "__notes__", [])
    assert ["in batches" in note for note in notes] == ([True] if kind is RuntimeError else [])
    assert multiprocessing.active_children() == []


def test_an_interrupt_ends_the_workers_and_keeps_their_shards(made, expected, quick_workers, measured):
    paths = interrupted(replace(made, workers=2), at=5)
    assert multiprocessing.active_children() == []
    assert len(paths) >= 2, "of 5, both workers may hold 2 in shards that are not yet written: one is"
    assert not Path(made.results, "records").exists()
    execute(made)
    assert len(measured) <= COUNT - SIZE
    assert content(made.results) == expected


def stuck(job, number, pipe):
    pipe.send((0, 1))
    time.sleep(60)


def test_an_interrupt_waits_for_no_worker(made, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", stuck)
    moments = []

    def stop(words, done, total):
        moments.append(time.monotonic())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(replace(made, workers=2), stop)
    assert time.monotonic() - moments[0] < 30
    assert multiprocessing.active_children() == []


def leads(config: RunConfig, pids: Path) -> None:
    """Run with workers that write down who they are and then do not get on."""
    arch_correlation.SIZE = SIZE
    children.multiprocessing.get_context = lambda _: multiprocessing.context.ForkContext()

    def waiting(*_):
        (pids / str(os.getpid())).touch()
        time.sleep(60)

    measuring.measure = waiting
    execute(config)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_workers_end_with_the_process_that_started_them(made, tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    process = CHILDREN.Process(target=leads, args=(replace(made, workers=2), pids))
    process.start()
    deadline = time.monotonic() + 30
    while len(list(pids.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = [int(path.name) for path in pids.iterdir()]
    assert len(workers) == 2
    process.kill()
    process.join()
    while any(map(running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = [pid for pid in workers if running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def test_more_workers_than_shards_are_not_started(made, expected, measured):
    interrupted(made, at=7)
    del measured[:]
    execute(replace(made, workers=8))
    assert len(measured) == SIZE, "one shard is left, for this process"
    assert content(made.results) == expected


@pytest.mark.parametrize("workers", [0, -1, True])
def test_workers_are_checked(workers, made):
    with pytest.raises(ConfigError, match="workers must be a positive integer; received"):
        execute(replace(made, workers=workers))
