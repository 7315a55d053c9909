"""Runs that were begun: told apart from done ones, done once by several processes, cleared away."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from dataclasses import replace

import pytest

from harness import records
from harness.cli._compose import composing, run_config
from harness.errors import HarnessError
from harness.processes import claims
from harness.processes import under_way as progress_files
from harness.runners import execute, planned, search, supernets, under_way
from harness.runners._quality import quality
from harness.training import _checkpoint

CHILDREN = multiprocessing.get_context("fork")
RUN = records.Run("search", "nbmacro", "label", "largest", 3, {"table": "ab"})


@pytest.fixture(scope="module")
def composed():
    with composing():
        return run_config(["space=nbmacro", "task=search", "searcher=largest", "fidelity=tiny"])


@pytest.fixture
def made(composed, tmp_path):
    return replace(composed, results=str(tmp_path / "results"))


def in_child(function):
    """Run ``function`` in a child, return it once it has said that it is at its work."""
    ready, theirs = CHILDREN.Pipe(duplex=False)
    process = CHILDREN.Process(target=function, args=(theirs,))
    process.start()
    assert ready.poll(60)
    return process


@pytest.fixture
def busy(made, monkeypatch):
    """A child that works on the run of ``made`` until it is killed."""

    def work(pipe):
        def begun(*_):
            pipe.send("begun")
            signal.pause()

        monkeypatch.setattr(search, "quality", begun)
        execute(made)

    process = in_child(work)
    yield process
    process.kill()
    process.join()


def test_a_run_is_told_while_a_process_is_at_it_and_after_it_was_killed(made, busy):
    (each,) = under_way(_root(made))
    assert (each.running, each.by) == (True, f"{socket.gethostname()} {busy.pid}")
    assert (each.run.method, each.run.identity, each.done) == ("largest", each.identity, None)
    busy.kill()
    busy.join()
    (left,) = under_way(_root(made))
    assert left == replace(each, running=False)
    assert [outcome.status for outcome in execute(made)] == ["done"]
    assert under_way(_root(made)) == []
    assert not (_root(made) / "shards").exists()


def test_the_second_of_two_waits_says_so_once_and_finds_the_record(made, tmp_path, capfd, monkeypatch):
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    def work(pipe):
        def begun(*arguments):
            pipe.send("begun")
            signal.alarm(30)  # ends this process, and the other's wait, where nobody opens the gate
            gate.read_text()
            return quality(*arguments)

        monkeypatch.setattr(search, "quality", begun)
        execute(made)

    process = in_child(work)
    told = []

    def open_gate(sentence):
        told.append(sentence)
        gate.write_text("go on")

    monkeypatch.setattr(progress_files, "tell", open_gate)
    (outcome,) = execute(made)
    process.join()
    assert outcome.status == "skipped"
    (sentence,) = told
    assert sentence.startswith("nbmacro search largest seed=0 is being run by another process")
    assert f"{socket.gethostname()} {process.pid}" in sentence
    assert len(list(records.Store(made.results).records())) == 1
    assert under_way(_root(made)) == []


def test_a_run_alone_says_nothing(made, capfd):
    execute(made)
    assert capfd.readouterr().err == ""


def test_a_failure_leaves_nobody_inside_and_no_folder(made, monkeypatch):
    monkeypatch.setattr(search, "quality", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        execute(made)
    assert under_way(_root(made)) == []
    (failed,) = records.Store(made.results).records()
    assert failed.status == "failed"


def test_an_interrupt_leaves_the_run_begun(made, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "quality", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(made)
    (left,) = under_way(_root(made))
    assert (left.run.method, left.running) == ("largest", False)


@pytest.mark.parametrize(
    ("files", "done"),
    [
        ([], 0),
        (["00000-aa.json", "00001-aa.json"], 8),
        (["00000-aa.json", "00001-aa.json", "00000-bb.json"], 8),
        (["00000-aa.json", "00001-aa.json", "00002-aa.json"], 10),
        (["00000-aa.lock", "x.json"], 0),
    ],
)
def test_what_is_measured_of_a_population(files, done, tmp_path):
    folder = progress_files.folder_of(tmp_path, RUN)
    folder.mkdir(parents=True)
    progress_files.describe(tmp_path, RUN, 10, 4)
    for name in files:
        (folder / name).touch()
    (each,) = under_way(tmp_path)
    assert (each.run, each.done, each.total, each.running) == (RUN, done, 10, False)


@pytest.mark.parametrize("about", ["", "{", "[1]", '{"run": 3}', '{"run": {"seed": 1}}', "[" * 10**5, None])
def test_a_folder_that_does_not_say_whose_it_is(about, tmp_path):
    folder = progress_files.folder_of(tmp_path, RUN)
    folder.mkdir(parents=True)
    if about is not None:
        (folder / "about").write_text(about)
    (each,) = under_way(tmp_path)
    assert (each.run, each.identity) == (None, RUN.identity)


def test_a_folder_that_says_it_is_anothers_is_not_believed(tmp_path):
    folder = progress_files.folder_of(tmp_path, RUN)
    folder.mkdir(parents=True)
    progress_files.describe(tmp_path, RUN)
    folder.rename(folder.with_name("0" * 16))
    (each,) = under_way(tmp_path)
    assert each.run is None


def test_locks_can_be_shared_and_exclusive_over_nfs(tmp_path, monkeypatch):
    """There a shared lock asks for a file that can be read, and an exclusive one for a file to write to."""
    taken = []
    flock = claims.fcntl.flock

    def asked(file, how):
        taken.append((claims.fcntl.fcntl(file, claims.fcntl.F_GETFL) & os.O_ACCMODE, how))
        flock(file, how)

    monkeypatch.setattr(claims.fcntl, "flock", asked)
    with progress_files.alone(tmp_path, RUN), claims.claim(tmp_path / "claim"):
        pass
    assert len(taken) >= 4
    assert {mode for mode, _ in taken} == {os.O_RDWR}


DESCRIBED = {"space": "nbmacro", "seed": 2, "training": {"name": "darts", "epochs": 3}}


def checkpoint(root, epochs: int):
    path = root / "checkpoints" / "nbmacro-darts-0123.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    curve = [{"epoch": epoch, "rate": 0.1} for epoch in range(epochs)]
    _checkpoint.write(path, DESCRIBED, {"alphas": [], "curve": json.dumps(curve)})
    path.with_name(path.name + ".lock").touch()
    return path


def test_a_supernet_in_training_is_told_by_its_checkpoint(tmp_path):
    path = checkpoint(tmp_path, 2)
    (each,) = supernets(tmp_path)
    assert each == progress_files.Supernet("nbmacro-darts-0123", "nbmacro", 2, False, 2, 3)
    with path.with_name(path.name + ".lock").open("a") as lock:
        claims.fcntl.flock(lock, claims.fcntl.LOCK_EX)
        (each,) = supernets(tmp_path)
        assert each.running
    checkpoint(tmp_path, 3)
    assert supernets(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b"a\nb\n{\nd", b"a\nb\n[1]\nd"])
def test_a_damaged_checkpoint_stops_nothing(data, tmp_path):
    checkpoint(tmp_path, 1).write_bytes(data)
    assert supernets(tmp_path) == []


def test_planned_runs_are_named_without_an_estimate(made, monkeypatch):
    monkeypatch.setattr("harness.runs.context.Context._as_others_took", lambda *_: pytest.fail("timed"))
    (outcome,) = planned(replace(made, force=True))
    assert (outcome.status, outcome.seconds) == ("planned", None)
    (done,) = execute(made)
    assert done.path == outcome.path
    (outcome,) = planned(replace(made, force=True))
    assert outcome.status == "skipped"


def test_the_settings_are_checked_as_those_of_a_run(made):
    with pytest.raises(HarnessError, match="Unknown label"):
        planned(replace(made, label="nope"))


def _root(config):
    from pathlib import Path

    return Path(config.results)
