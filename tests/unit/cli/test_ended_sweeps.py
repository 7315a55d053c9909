"""A sweep that is told to end, or is killed, leaves no process behind that computes on."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli import _ledger

LONG = ("space=nbmacro", "fidelity=tiny", "batch_size=16", "task.population=3000", "proxy=nwot", "threads=1")
TWO = ("harness", "-m", *LONG, "seed=0,1")
COMMANDS = {
    "joblib": (*TWO, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
    "submitit_local": (*TWO, "hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"),
    "workers": ("harness", *LONG, "workers=2"),
    "bench": ("harness.cli.bench", "--space", "nbmacro", "--preset", "standard", "--jobs", "2"),
}
"""By name what is started, besides the folder of results; each has two processes at work before long."""

PATIENCE = 120.0
"""Seconds within which something that is sure to happen has happened, on however busy a machine."""


def processes(token: str) -> set[int]:
    """All living processes that were started, by whomever, with ``token`` in their environment."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and token.encode() in (folder / "environ").read_bytes():
                found.add(int(folder.name))
        except OSError:
            continue
    return found


def until(condition) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return done


QUICK = [("joblib", "SIGTERM"), ("bench", "SIGTERM")]
ENDED = [
    pytest.param(name, ending, marks=() if (name, ending) in QUICK else pytest.mark.slow)
    for name in COMMANDS
    for ending in ("SIGTERM", "SIGKILL")
]


@pytest.mark.parametrize(("name", "ending"), ENDED)
def test_nobody_computes_on(name, ending, tmp_path):
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not tell of its processes in /proc")
    token, root = secrets.token_hex(16), tmp_path / "results"
    module, *arguments = COMMANDS[name]
    where = ["--results", str(root)] if name == "bench" else [f"results={root}"]
    command = [sys.executable, "-m", module, *arguments, *where]
    with (tmp_path / "told").open("w") as told:
        first = subprocess.Popen(
            command, stdout=told, stderr=told, env={**os.environ, "OMP_NUM_THREADS": "1", "TOKEN": token}
        )
    try:
        begun = "shards/*/about" if name == "bench" else "shards/*/[0-9]*.lock"
        assert until(lambda: len(list(root.glob(begun))) >= 2), (tmp_path / "told").read_text()
        assert len(processes(token)) >= 3
        first.send_signal(signal.Signals[ending])
        first.wait(PATIENCE)
        assert until(lambda: not processes(token)), "processes of an ended sweep are still there"
    finally:
        left = processes(token)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        first.wait()


def test_the_sweeps_own_process_watches_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(_ledger, "Thread", lambda **_: pytest.fail("it watches itself"))
    with _ledger.ledger(tmp_path):
        _ledger.end_with_sweep()


def other_process(path: Path, monkeypatch) -> list:
    """What a job in another process would have started, for the sweep of ``path``."""
    started = []
    monkeypatch.setattr(_ledger.os, "getpid", lambda: -1)
    monkeypatch.setattr(_ledger, "Thread", lambda **told: started.append(told) or _Idle())
    _ledger.end_with_sweep()
    return started


class _Idle:
    def start(self) -> None:
        pass


def test_a_job_watches_the_sweep_of_its_own_machine_alone(tmp_path, monkeypatch):
    with _ledger.ledger(tmp_path) as path:
        (watching,) = other_process(path, monkeypatch)
        watching["args"][0].close()
        assert other_process(path, monkeypatch) == [], "once is enough"
    monkeypatch.undo()
    with _ledger.ledger(tmp_path) as path:
        monkeypatch.setattr(_ledger, "gethostname", lambda: "elsewhere")
        assert other_process(path, monkeypatch) == []


def test_where_the_disk_has_no_locks_nobody_is_ended(tmp_path, monkeypatch):
    def missing(file, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(_ledger.fcntl, "flock", missing)
    with _ledger.ledger(tmp_path) as path:
        assert other_process(path, monkeypatch) == []


@pytest.mark.parametrize("orderly", [True, False])
def test_a_sweep_that_came_to_its_end_ends_nobody(tmp_path, monkeypatch, orderly):
    ended = []
    monkeypatch.setattr(_ledger.os, "_exit", ended.append)
    with pytest.MonkeyPatch.context() as patch:
        try:
            with _ledger.ledger(tmp_path) as path:
                (watching,) = other_process(path, patch)
                if not orderly:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
    watching["target"](*watching["args"])
    assert ended == ([] if orderly else [1])
