"""A run with a proxy of another package: its rows say what it did, and the others' are as they are."""

from __future__ import annotations

import time
import types
from dataclasses import replace

import pytest

from harness import proxies, records, registry
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, ResultsError
from harness.proxies import _measure
from harness.runners import execute


def hostile():
    """Something else on every network."""
    acts = iter(
        [
            lambda passes: 1 / 0,
            lambda passes: time.sleep(60),
            lambda passes: float("nan"),
            lambda passes: "text",
            lambda passes: next(passes.module.parameters()).data.zero_().sum(),
            lambda passes: 4.0,
        ]
    )

    def score(passes):
        return next(acts)(passes)

    card = proxies.About("anything", "nobody", "never")
    return types.SimpleNamespace(ABOUT=card, score=score)


@pytest.fixture
def install(monkeypatch):
    def install(name="foreign"):
        point = types.SimpleNamespace(name=name, value="elsewhere:it", load=hostile)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.proxies"))
        _measure.load.cache_clear()

    yield install
    _measure.load.cache_clear()


def config(root, *overrides):
    small = ["fidelity=tiny", "batch_size=4", "space=nbmacro", "task.population=6", f"results={root}"]
    with composing():
        return run_config([*small, *overrides])


def test_the_run_records_what_it_does_and_goes_on(tmp_path, install):
    (alone,) = execute(config(tmp_path / "alone", "proxy=synflow"))
    install()
    asked = config(tmp_path / "both", "proxy.names=[foreign,synflow]", "time_limit=4")
    assert [outcome.status for outcome in execute(asked)] == ["done", "done"]
    found = {record.run.method: record for record in records.Store(tmp_path / "both").records()}
    rows = found["foreign"].rows
    assert rows["status"].tolist() == ["failed", "failed", "nan", "failed", "failed", "ok"]
    assert rows["reason"].tolist() == [
        "ZeroDivisionError: division by zero",
        "it took longer than the time limit of 4 s",
        "the value is not a finite number",
        "TypeError: a score is one number; received str",
        "it changed the network",
        "",
    ]
    assert found["synflow"].rows.to_dict("list") == records.read_record(alone.path).rows.to_dict("list")


def test_a_run_with_a_limit_is_another_run(tmp_path):
    outcomes = [
        execute(config(tmp_path, "proxy=params", *more))[0]
        for more in ([], ["time_limit=60"], ["time_limit=30.5"], ["time_limit=null"], ["time_limit=60"])
    ]
    assert [outcome.status for outcome in outcomes] == ["done", "done", "done", "skipped", "skipped"]
    settings = [records.read_record(outcome.path).run.settings for outcome in outcomes[:3]]
    assert [each.get("time_limit") for each in settings] == [None, 60.0, 30.5]
    assert "time_limit" not in settings[0]


@pytest.mark.parametrize("limit", [0, -1.0, float("inf"), float("nan"), True])
def test_a_limit_is_a_positive_number(limit, tmp_path):
    with pytest.raises(ConfigError, match="time_limit must be a positive number"):
        execute(replace(config(tmp_path / "results", "proxy=params"), time_limit=limit))
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", ["../../x", "a/b", ""])
def test_a_name_that_leads_out_of_the_results_is_refused(name, tmp_path, install):
    install(name)
    asked = replace(config(tmp_path / "results", "proxy=params"), proxy={"names": [name]})
    with pytest.raises((ConfigError, ResultsError), match="names a folder|must list"):
        execute(asked)
    assert not list(tmp_path.rglob("*.json"))
