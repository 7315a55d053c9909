"""Exit codes of every verb: 0 done or skipped, 1 a run began and failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import bench, compare, proxies, regress, report, reproduce, run, sensitivity, status, tables
from harness.cli._compose import composing, run_configs
from harness.cli._pool import Failure, exit_code
from harness.errors import ConfigError, MachineFailure, ResultsError, RunFailed
from harness.folders import BENCHMARKS_DATA
from harness.records import Store
from harness.sharing import team

TINY = ("space=nbmacro", "fidelity=tiny", "batch_size=4", "task.population=3", "device=cpu")
SEARCH = ("space=nbmacro", "task=search", "searcher=random_search", "searcher.queries=2")
FAILS = "time_limit=1e-9"
"""A nanosecond, in which nothing can be measured."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """Results with records of two proxies and of two searches."""
    root = tmp_path_factory.mktemp("filled") / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [])
        for settings in ((*TINY, "proxy.names=[params,snip]"), SEARCH, (*SEARCH[:2], "searcher=largest")):
            assert run.main([*settings, f"results={root}"]) == 0
    return root


@pytest.fixture(autouse=True)
def _argv(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["harness"])


def raising(error):
    def raises(*_):
        raise error

    return raises


RUNS = [
    ("done", ("proxy=params",), 0),
    ("skipped", ("proxy=params",), 0),
    ("planned", ("proxy=flops", "dry_run=true"), 0),
    ("a name of its own", ("proxy=params", "results=${oc.env:SCRATCH}/x"), 0),
    ("failed", ("proxy=params", FAILS), 1),
    ("unknown proxy", ("proxy=paramz",), 2),
    ("more images than the input has", ("proxy=params", "batch_size=100001"), 2),
    ("no folder of images", ("input=cifar10", "input.folder=nowhere"), 2),
    ("two runs without -m", ("seed=0,1",), 2),
    ("a sweep", ("-m", "proxy=params", "seed=0,1"), 0),
    ("a sweep, one refused", ("-m", "proxy=params", "input=noise,cifar10", "input.folder=nowhere"), 2),
    ("a sweep, one failed", ("-m", "proxy=params", "time_limit=60,1e-9"), 1),
    (
        "a sweep, one failed and one refused",
        ("-m", "proxy=params", "time_limit=60,1e-9", "input=noise,cifar10", "input.folder=nowhere"),
        1,
    ),
    ("a sweep with an unknown proxy", ("-m", "proxy=params,snipp"), 2),
    ("a sweep with a name of its own", ("-m", "seed=0,1", "proxy=params", "results=${oc.env:SCRATCH}/y"), 0),
]


@pytest.mark.parametrize(("arguments", "code"), [each[1:] for each in RUNS], ids=[each[0] for each in RUNS])
def test_run(arguments, code, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    folder = () if any(each.startswith("results=") for each in arguments) else (f"results={tmp_path}",)
    if "-m" not in arguments:
        assert run.main([*TINY, "proxy=params", f"results={tmp_path}"]) == 0
    assert (
        run.main([*arguments, *(each for each in TINY if each[:6] not in map(first6, arguments)), *folder])
        == code
    )
    assert ("harness: " in capfd.readouterr().err) == (code != 0 or "-m" in arguments)


def first6(text: str) -> str:
    return text[:6]


RAISED = [
    (MachineFailure("memory ran out"), 1),
    (MemoryError("no more"), 1),
    (RunFailed("the loss is no number"), 1),
    (ConfigError("found late"), 1),
    (ResultsError("The record cannot be written to x"), 1),
    (OSError(28, "No space left on device"), 1),
    (ZeroDivisionError("nobody foresaw"), 1),
    (KeyboardInterrupt(), 130),
]


@pytest.mark.parametrize(("error", "code"), RAISED, ids=[type(each[0]).__name__ for each in RAISED])
@pytest.mark.parametrize("flags", [(), ("-m",)])
def test_a_run_that_began(flags, error, code, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(team, "batches", raising(error))
    assert run.main([*flags, *TINY, "proxy=params", f"results={tmp_path}"]) == code
    if code == 1:
        assert str(error).partition("] ")[2] or str(error) in capfd.readouterr().err
        (record,) = Store(tmp_path).records()
        assert record.status == "failed"
    monkeypatch.undo()
    monkeypatch.setattr(sys, "argv", ["harness"])
    assert run.main([*flags, *TINY, "proxy=params", f"results={tmp_path}"]) == 0


def configs(root, *overrides):
    with composing():
        return run_configs([*TINY, "proxy=params", *overrides, f"results={root}"])


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        (("time_limit=60,1e-9",), 1),
        (("input=noise,cifar10", "input.folder=nowhere"), 2),
        (("input=cifar10", "input.folder=nowhere"), 2),
    ],
)
def test_bench(overrides, code, tmp_path, quick_pool, monkeypatch, capfd):
    own = [each for each in TINY if each[:6] not in map(first6, overrides)]
    monkeypatch.setattr(bench, "plan", lambda *_: planned(own, overrides, tmp_path))
    assert bench.main(["--space", "nbmacro", "--jobs", "1", "--results", str(tmp_path)]) == code
    told = capfd.readouterr()
    assert ("Report: " in told.out) == (overrides != ("input=cifar10", "input.folder=nowhere"))
    assert ("harness: failed: " in told.err) == (code == 1)
    assert ("harness: refused: " in told.err) == (code == 2)


def planned(own, overrides, root):
    with composing():
        return run_configs([*own, "proxy=params", *overrides, f"results={root}"])


def test_bench_with_a_name_that_is_none(tmp_path):
    assert bench.main(["--space", "nb102", "--results", str(tmp_path)]) == 2


def test_bench_where_even_the_report_cannot_be(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "plan", lambda *_: configs(tmp_path))
    monkeypatch.setattr(bench, "run_all", lambda *_: [Failure("memory ran out", True)])
    assert bench.main(["--space", "nbmacro", "--jobs", "1", "--results", str(tmp_path)]) == 1


def test_what_a_pool_ends_with():
    began, refused = Failure("", True), Failure("", False)
    assert [exit_code(each) for each in ([], [refused], [began], [began, refused])] == [0, 2, 1, 1]


READ = [
    ("report", report, ("--results", "ROOT", "--out", "NEW", "--figures", "none"), 0),
    ("report of nothing", report, ("--results", "NEW"), 2),
    ("report in an unknown format", report, ("--results", "ROOT", "--out", "NEW", "--figures", "bmp"), 2),
    ("report of an unknown space", report, ("--results", "ROOT", "--space", "nb102"), 2),
    ("compare", compare, ("params", "snip", "--results", "ROOT"), 0),
    ("compare an unknown method", compare, ("params", "snap", "--results", "ROOT"), 2),
    ("compare nothing", compare, ("params", "snip", "--results", "NEW"), 2),
    ("sensitivity without a study", sensitivity, ("--results", "ROOT", "--out", "NEW"), 2),
    ("status", status, ("--results", "ROOT"), 0),
    ("status of nothing", status, ("--results", "NEW"), 0),
    ("status of a plan", status, (*SEARCH, "--results", "ROOT"), 0),
    ("status of an unknown plan", status, ("sede=1", "--results", "ROOT"), 2),
    ("reproduce", reproduce, ("RECORD",), 0),
    ("reproduce nothing", reproduce, ("missing.json",), 2),
    ("reproduce with another setting", reproduce, ("RECORD", "seed=1"), 2),
    ("regress without goldens", regress, ("--goldens", "NEW"), 2),
    ("regress into old results", regress, ("--results", "ROOT"), 2),
    ("proxies", proxies, (), 0),
    ("an unknown proxy", proxies, ("nwott",), 2),
    ("tables", tables, ("list",), 0),
    ("tables that hold", tables, ("verify",), 0),
    ("tables that do not", tables, ("verify", "--dir", "SPOILED"), 1),
    ("no such file", tables, ("import", "nbmacro_json", "missing.json", "--out", "NEW"), 2),
    ("no such format", tables, ("import", "csv", "missing.json", "--out", "NEW"), 2),
    ("no such verb", tables, ("erase",), 2),
]


@pytest.mark.parametrize(("module", "arguments", "code"), [e[1:] for e in READ], ids=[e[0] for e in READ])
def test_verbs_that_read(module, arguments, code, filled, tmp_path, monkeypatch, capfd):
    record = next(each.path for each in Store(filled).records() if each.run.method == "params")
    places = {"ROOT": filled, "NEW": tmp_path / "new", "RECORD": record, "SPOILED": tmp_path / "spoiled"}
    if "SPOILED" in arguments:
        shutil.copytree(BENCHMARKS_DATA, places["SPOILED"])
        (places["SPOILED"] / "nbmacro.parquet").write_bytes(b"nothing")
    monkeypatch.chdir(tmp_path)
    assert module.main([str(places.get(each, each)) for each in arguments]) == code
    told = capfd.readouterr().err
    assert told.count("\n") == (1 if code == 2 else 0), told


def test_reproduce_what_moved_or_failed(filled, monkeypatch, capfd):
    record = next(each.path for each in Store(filled).records() if each.run.method == "snip")
    monkeypatch.setattr(team, "batches", raising(MachineFailure("memory ran out")))
    assert reproduce.main([str(record)]) == 1
    assert capfd.readouterr().err == "harness: memory ran out\n"
    monkeypatch.undo()
    monkeypatch.setattr("harness.networks.build", raising(ValueError("not to be built")))
    assert reproduce.main([str(record)]) == 1
    told = capfd.readouterr().err
    assert told.startswith(
        "harness: None of the 3 architectures could be measured: ValueError: not to be built"
    )


def dies(number, config):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies(tmp_path, quick_pool, monkeypatch, capfd):
    monkeypatch.setattr(bench, "plan", lambda *_: configs(tmp_path))
    monkeypatch.setattr("harness.cli._pool._execute", dies)
    assert bench.main(["--space", "nbmacro", "--jobs", "1", "--results", str(tmp_path)]) == 1
    assert (
        "harness: A worker process died (signal SIGKILL). What the others had finished is"
        in capfd.readouterr().err
    )


@pytest.mark.parametrize(
    "verb",
    ["report", "compare", "sensitivity", "status", "reproduce", "regress", "proxies", "tables", "bench"],
)
def test_help_is_no_failure(verb):
    command = [sys.executable, "-m", f"harness.cli.{verb}", "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
