"""Sweeps: what the last lines tell, and the exit code, whichever process a run failed in."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from harness import folders
from harness.cli import run
from harness.cli._compose import asks_hydra, composing
from harness.cli._ledger import Ending, job_of, summary
from harness.records import Store
from harness.runners import duration

TINY = ("space=nbmacro", "fidelity=tiny", "batch_size=4", "task.population=3")


@pytest.fixture
def sweep(capfd, monkeypatch, request):
    monkeypatch.setattr(sys, "argv", [])

    def done(root, *settings):
        if "hydra/launcher=joblib" in settings:
            request.getfixturevalue("quick_joblib")
        arguments = ["-m", *TINY, f"results={root}", *settings]
        code = run.main(arguments)
        return subprocess.CompletedProcess(arguments, code, *capfd.readouterr())

    return done


def told(done):
    return [line for line in done.stderr.splitlines() if line.startswith("harness: ")]


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_every_failure_is_told_and_the_others_run(sweep, tmp_path, launcher):
    """More images than an input has are met only where the input is opened."""
    done = sweep(
        tmp_path, "proxy=params", "seed=0,1", "batch_size=4,100001,100002", f"hydra/launcher={launcher}"
    )
    assert done.returncode == 2
    first, *refused = told(done)
    assert first == "harness: 6 settings, 6 runs: 2 done, 4 refused"
    assert [line.split(": ")[1] for line in refused] == ["refused"] * 2
    for line, size in zip(refused, ("100001", "100002"), strict=True):
        assert f"batch_size={size} seed=0, batch_size={size} seed=1: " in line
        assert f"received batch size {size}" in line
    assert len(list(Store(tmp_path).records())) == 2
    assert not list((tmp_path / "multirun").glob("ledger-*"))


def test_a_plan_tells_what_is_done_and_how_long_the_rest_takes(sweep, tmp_path):
    assert sweep(tmp_path, "proxy=params", "seed=0,1").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    done = sweep(tmp_path, "proxy=params,snip", "seed=0,1,2", "dry_run=true")
    assert done.returncode == 0
    (line,) = told(done)
    assert line.startswith("harness: 6 settings, 6 runs: 4 planned, 2 skipped; 1 of the planned take about ")
    assert "as 2 other seeds took" in done.stdout
    assert done.stdout.count("no estimate, since no other seed has run") == 3
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == before


@pytest.mark.parametrize("flags", [(), ("-m",)])
def test_a_setting_that_is_true_or_false(tmp_path, flags, capfd):
    settings = ("task=op_correlation", "scorer=best_acc", "task.progressive=false", "dry_run=True")
    assert run.main([*flags, "space=nbmacro", *settings, f"results={tmp_path}"]) == 0
    assert "never ended" not in capfd.readouterr().err


def test_a_failure_that_no_one_foresaw(tmp_path, monkeypatch, capfd):
    def broken(config, progress):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(run, "execute", broken)
    assert run.main(["-m", *TINY, "seed=0,1", f"results={tmp_path}"]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("harness: ")]
    assert lines == [
        "harness: 2 settings, 2 runs: 2 failed",
        "harness: failed: seed=0, seed=1: ZeroDivisionError: by nothing",
    ]
    assert run.main([*TINY, f"results={tmp_path}"]) == 1
    assert "harness: ZeroDivisionError: by nothing" in capfd.readouterr().err


def test_a_job_that_never_ended_is_no_success(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(run, "_run", lambda *_: None)
    assert run.main(["-m", *TINY, "seed=0,1", f"results={tmp_path}"]) == 1
    assert "never ended: seed=0, seed=1" in capfd.readouterr().err


def test_hydra_runs_a_sweep_where_something_of_its_own_is_set(tmp_path, monkeypatch, capfd):
    asked = []
    monkeypatch.setattr(run, "_hydra_main", lambda: asked.append(1))
    sweep = ("-m", "space=nbmacro", "task=search", "searcher=largest", f"results={tmp_path}")
    assert run.main([*sweep, "seed=0,1,0"]) == 0
    assert "2 settings, 3 runs: 2 done, 1 skipped" in capfd.readouterr().err
    assert not asked
    assert not (tmp_path / "multirun").exists()
    assert run.main([*sweep, "seed=2,3", "hydra/launcher=basic"]) == 1
    assert asked


def test_a_file_that_takes_another_launcher_is_hydras_to_run(tmp_path, monkeypatch):
    shutil.copytree(folders.CONF, tmp_path / "conf")
    text = "# @package _global_\ndefaults:\n  - override /hydra/launcher: joblib\n"
    (tmp_path / "conf" / "experiment" / "wide.yaml").write_text(text)
    monkeypatch.setattr(folders, "CONF", tmp_path / "conf")
    with composing():
        assert asks_hydra(("experiment=wide", "seed=1"))
        assert not asks_hydra(("experiment=zero_cost_pt", "seed=1"))


def test_the_summary():
    jobs = [job_of([f"seed={seed}", "space=nb201", "hydra/launcher=joblib"]) for seed in range(6)]
    found = [
        Ending(jobs[4], "failed", "why"),
        Ending(jobs[0], "done"),
        Ending(jobs[0], "planned", seconds=100.0),
        Ending(jobs[1], "planned"),
        *(Ending(job, "failed", "why") for job in jobs[1:4]),
    ]
    assert summary(found, jobs, duration) == [
        "6 settings, 7 runs: 1 done, 4 failed, 2 planned; 1 of the planned take about 2 min in all",
        "failed: seed=1, seed=2, seed=3 and 1 more: why",
        "never ended: seed=5: its process died, or the sweep was stopped before its turn",
    ]
    assert summary([], jobs[:1], duration)[0] == "1 settings, 0 runs: none ended"


def test_a_job_is_the_same_in_any_order_and_by_its_last_word():
    assert job_of(["b=1", "a=2", "b=3", "hydra/launcher=joblib"]) == job_of(["a=2", "b=3"]) == "a=2 b=3"
