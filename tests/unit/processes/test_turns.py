"""One process at a time: the others wait, and the next follows however the first one ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest

from harness.cli._compose import composing, run_config
from harness.processes import claims
from harness.processes.claims import turn
from harness.runners import execute

HOLDING = """
import sys, time
from pathlib import Path
from harness.processes.claims import turn

with turn(Path(sys.argv[1])):
    print("inside", flush=True)
    time.sleep(600)
"""


def test_only_one_process_is_inside_and_the_next_follows_when_it_dies(tmp_path):
    path, entered = tmp_path / "a.pt", threading.Event()

    def enter() -> None:
        with turn(path):
            entered.set()

    command = [sys.executable, "-c", HOLDING, str(path)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline() == "inside\n"
        second = threading.Thread(target=enter, daemon=True)
        second.start()
        assert not entered.wait(0.5), "two were inside at once"
        with turn(tmp_path / "b.pt"):
            pass
    finally:
        first.kill()
        first.communicate()
    assert entered.wait(30), "the lock of a dead process was not released"
    second.join(30)
    with turn(path, lambda: pytest.fail("nobody is inside any more")):
        pass


def test_what_fails_inside_lets_the_next_one_in(tmp_path):
    with pytest.raises(ValueError, match="broken"), turn(tmp_path / "a.pt"):
        raise ValueError("broken")
    with turn(tmp_path / "a.pt"):
        pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_where_the_disk_has_no_locks_everybody_works(code, tmp_path, monkeypatch):
    def missing(file, how):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(claims.fcntl, "flock", missing)
    with turn(tmp_path / "a", lambda: pytest.fail("it waits")), turn(tmp_path / "a"):
        pass


def test_a_training_where_the_disk_has_no_locks(tmp_path, monkeypatch):
    def missing(file, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(claims.fcntl, "flock", missing)
    small = ["space=nbmacro", "task=search", "searcher=darts", "fidelity=tiny", "input=digits"]
    small += ["training.epochs=1", "training.images=4", "training.batch_size=2", f"results={tmp_path}"]
    with composing():
        (outcome,) = execute(run_config(small))
    assert outcome.status == "done"
    assert len(list((tmp_path / "checkpoints").glob("*.pt"))) == 1
