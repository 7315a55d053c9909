"""Trackers are told of every record once, and never fail a run."""

from __future__ import annotations

import builtins
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from harness import registry, trackers
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, UnknownNameError
from harness.options import Option
from harness.records import Run, Store, read_record
from harness.runners import check, execute, search
from harness.trackers import mlflow


@pytest.fixture(scope="module")
def composed():
    with composing():
        return run_config(["space=nbmacro", "task=search", "searcher=random_search", "searcher.queries=3"])


@pytest.fixture
def made(composed, tmp_path):
    return replace(composed, results=str(tmp_path), tracker={"name": "fake", "mood": "good"})


@pytest.fixture
def fake(monkeypatch):
    """A tracker that keeps what it is told; what it does can be changed."""
    kept = []
    module = SimpleNamespace(REQUIRES=None, OPTIONS={"mood": Option(str, "good")}, kept=kept, started=[])

    def start(settings, folder):
        module.started.append((settings, folder))
        return SimpleNamespace(log=kept.append)

    module.start = start
    point = SimpleNamespace(name="fake", load=lambda: module)
    found = registry.entry_points
    monkeypatch.setattr(
        registry, "entry_points", lambda group: (point,) if group == "harness.trackers" else found(group)
    )
    trackers._started.cache_clear()
    trackers._warned.clear()
    yield module
    trackers._started.cache_clear()
    trackers._warned.clear()


def test_every_record_is_told_once(made, fake, tmp_path):
    for seed in (0, 1):
        execute(replace(made, seed=seed))
    execute(made)
    assert [record.run.seed for record in fake.kept] == [0, 1]
    assert [record.path for record in fake.kept] == [each.path for each in Store(tmp_path).records()]
    assert fake.started == [({"name": "fake", "mood": "good"}, tmp_path)]


def test_failed_records_are_told_too(made, fake, monkeypatch):
    monkeypatch.setattr(search, "quality", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        execute(made)
    assert [(record.status, record.reason) for record in fake.kept] == [
        ("failed", "ZeroDivisionError: division by zero")
    ]


def test_no_byte_of_a_record_depends_on_the_tracker(made, fake, tmp_path):
    (told,) = execute(made)
    (plain,) = execute(replace(made, results=str(tmp_path / "plain"), tracker={"name": "none"}))
    assert told.path.read_bytes() == plain.path.read_bytes()
    assert "tracker" not in json.loads(plain.path.read_text())["config"]


@pytest.mark.parametrize("where", ["start", "log"])
def test_a_tracker_that_fails_fails_no_run_and_is_warned_of_once(made, fake, where, monkeypatch, capfd):
    def failing(*_):
        raise OSError("no\nroom")

    changed = failing if where == "start" else lambda *_: SimpleNamespace(log=failing)
    monkeypatch.setattr(fake, "start", changed)
    statuses = [execute(replace(made, seed=seed))[0].status for seed in (0, 1)]
    assert statuses == ["done", "done"]
    assert capfd.readouterr().err == (
        "harness: tracker=fake failed (OSError: no room); the records are complete without it.\n"
    )


def test_none_reads_no_record(tmp_path):
    trackers.log({"name": "none"}, tmp_path, tmp_path / "there is none")


def test_names():
    assert {"mlflow", "none"} <= set(trackers.names())
    with pytest.raises(UnknownNameError, match="Unknown tracker 'mlfow'. Did you mean 'mlflow'"):
        trackers.load("mlfow")


def test_a_package_that_is_missing_is_told_before_anything_runs(composed, monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    asked = replace(composed, tracker={"name": "mlflow", "experiment": "x"})
    with pytest.raises(ConfigError, match="tracker=mlflow needs the package mlflow"):
        check(asked)
    with pytest.raises(UnknownNameError, match="Unknown tracker 'mlfow'"):
        check(replace(composed, tracker={"name": "mlfow"}))


def test_the_package_is_loaded_only_where_it_is_used(composed, tmp_path, monkeypatch):
    real = builtins.__import__

    def guarded(name, *arguments):
        assert name.partition(".")[0] != "mlflow"
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", guarded)
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)
    assert execute(replace(composed, results=str(tmp_path)))[0].status == "done"


STATISTICS = {
    "score": {"kendall": 0.5, "n": 3, "reasons": {"pearson": "constant"}, "pearson": None},
    "steps": [{"best acc <-": 1.0, "ok": True}],
}


@pytest.fixture
def record(tmp_path):
    run = Run("search", "nb201", "label", "nwot", 2, {"input": {"name": "noise"}, "of": ["a", "b"]})
    path = Store(tmp_path).write(
        run, "ok", None, pd.DataFrame({"a": [1]}), STATISTICS, {"commit": "c0ffee"}, {},
        {"started": "2026-01-02T03:04:05+00:00", "seconds": 1.5},
    )  # fmt: skip
    return read_record(path)


def test_what_mlflow_is_told(record):
    assert list(mlflow.metrics(record)) == [
        ("score/kendall", 0.5),
        ("score/n", 3.0),
        ("steps/0/best acc _-", 1.0),
    ]
    assert dict(mlflow.flat(record.run.settings)) == {"input/name": "noise", "of/0": "a", "of/1": "b"}
    told = mlflow.tags(record)
    assert (told["commit"], told["seed"], told["identity"]) == ("c0ffee", "2", record.run.identity)
    assert mlflow._times(record) == (1767323045000, 1767323046500)


@pytest.mark.filterwarnings("default")  # of the packages it stands on
def test_mlflow_itself(record, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="the tracker's package is not installed")
    from mlflow.tracking import MlflowClient

    monkeypatch.setattr(mlflow, "MOST", 1)
    for _ in range(2):
        mlflow.start({"name": "mlflow", "experiment": "mine"}, tmp_path).log(record)
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    assert len(runs) == 2
    (found, _) = runs
    assert found.data.metrics == dict(mlflow.metrics(record))
    assert found.data.params == {name: str(value) for name, value in mlflow.flat(record.run.settings)}
    assert found.data.tags.items() >= mlflow.tags(record).items()
    assert (found.info.run_name, found.info.status) == ("nwot seed=2", "FINISHED")
    assert found.info.end_time - found.info.start_time == 1500
