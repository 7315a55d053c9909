"""Several processes at one population: none measures what another has, and the bytes are the same."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from dataclasses import replace
from pathlib import Path

from harness import proxies
from harness.processes import claims
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import team as _team
from tests.children import CHILDREN
from tests.unit.runners.shards.conftest import ALL, COUNT, SIZE, content, interrupted, statuses


def beside_another(config: RunConfig, barrier, log: Path) -> None:
    """Run ``config``; the first measurement waits until the other process has come to its own."""
    arch_correlation.SIZE = SIZE
    _team.POLL_SECONDS = 0.02

    def waiting(*arguments):
        if not log.exists():
            barrier.wait(30)
        with log.open("a") as file:
            file.write("measured\n")
        return proxies.measure(*arguments)

    measuring.measure = waiting
    log.with_suffix(".done").write_text(" ".join(statuses(execute(config))))


def test_two_processes_share_the_work(made, expected, tmp_path):
    barrier = CHILDREN.Barrier(2)
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    runs = [CHILDREN.Process(target=beside_another, args=(made, barrier, log)) for log in logs]
    for process in runs:
        process.start()
    for process in runs:
        process.join(60)
    assert [process.exitcode for process in runs] == [0, 0]
    counts = [len(log.read_text().splitlines()) for log in logs]
    assert sum(counts) == COUNT
    assert min(counts) >= SIZE
    ended = sorted(log.with_suffix(".done").read_text() for log in logs)
    assert sorted(" ".join(ended).split()) == ["done", "done", "skipped", "skipped"]
    assert content(made.results) == expected


def test_what_was_written_between_a_look_and_the_claim_is_not_measured(made, measured, expected, monkeypatch):
    interrupted(made)
    del measured[:]
    monkeypatch.setattr(_team.Team, "look", lambda team: None)
    execute(made)
    assert measured == []
    assert content(made.results) == expected


def test_what_others_write_meanwhile_counts(made, measured, expected):
    paths = interrupted(replace(made, results=made.results + "-others"))
    del measured[:]
    seen = []

    def copy(words, done, total):
        seen.append(done)
        if done == 1:
            for path in paths:
                shutil.copy(path, Path(made.results, "shards", path.parent.name))

    execute(made, copy)
    assert seen == [0, 1, 2, COUNT]
    assert measured == SIZE * [ALL]
    assert content(made.results) == expected


def test_a_run_ends_when_others_have_written_its_record(made, expected, measured):
    def copy(words, done, total):
        if done == 3:
            for name, data in expected.items():
                path = Path(made.results, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    assert statuses(execute(made, copy)) == ["skipped", "skipped"]
    assert measured == 2 * SIZE * [ALL]
    assert content(made.results) == expected


def test_without_locks_everybody_works(tmp_path, monkeypatch, made, expected):
    def missing(file, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    with claims.claim(tmp_path / "claim") as first, claims.claim(tmp_path / "claim") as second:
        assert first
        assert second
    execute(made)
    assert content(made.results) == expected
