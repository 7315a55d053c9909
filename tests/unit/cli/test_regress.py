"""``make regress``: exit codes, sentences, and goldens recorded, kept and recorded anew."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
from omegaconf import OmegaConf

from harness import benchmarks, folders, registry
from harness.cli import regress
from harness.cli._compose import composing, run_configs
from harness.cli._pool import Failure
from harness.regression import goldens
from harness.runners import execute


@pytest.fixture(scope="module")
def searches():
    """Two small runs that need no network."""
    with composing():
        (config,) = run_configs(["space=nbmacro", "task=search", "searcher=largest"])
    queries = {"name": "random_search", "queries": 3}
    return config, replace(config, searcher=queries)


@pytest.fixture
def call(searches, tmp_path, monkeypatch, capsys):
    """Call the verb on small runs, in this process; returns exit code, output and complaint."""

    def execute_here(configs, jobs, console):
        failures = []
        for config in configs:
            try:
                execute(config)
            except Exception as error:
                failures.append(Failure(str(error), True))
        return failures

    monkeypatch.setattr(regress, "run_all", execute_here)
    monkeypatch.setattr(benchmarks, "tables", lambda: ("nbmacro",))

    def call(*arguments, seed=0):
        def small_plan(chosen, preset, seeds, overrides):
            own = dict(override.split("=", 1) for override in overrides)
            assert (chosen, preset, seeds) == (regress.SPACES, "regress", "")
            settings = {"device": own["device"], "results": own["results"].strip("'"), "seed": seed}
            return [replace(config, **settings) for config in searches]

        monkeypatch.setattr(regress, "plan", small_plan)
        code = regress.main(["--goldens", str(tmp_path / "goldens"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_goldens_are_recorded_once_and_then_agree(call, tmp_path):
    code, out, _ = call("--accept", "first")
    assert code == 0
    assert "Recorded: 7 new, 0 changed, 0 gone; 0 kept as they were." in out
    assert str(tmp_path / "goldens" / "search-nbmacro.json") in out
    entries = goldens.read(tmp_path / "goldens")
    assert {entry.since["reason"] for entry in entries} == {"first"}
    assert {entry.since["device"] for entry in entries} == {"cpu"}
    before = {path.name: path.read_bytes() for path in (tmp_path / "goldens").iterdir()}
    code, out, _ = call()
    assert (code, out.splitlines()[-1][:13]) == (0, "Nothing moved")
    code, out, _ = call("--accept", "nothing")
    assert "0 new, 0 changed, 0 gone; 7 kept" in out
    assert {path.name: path.read_bytes() for path in (tmp_path / "goldens").iterdir()} == before


def test_what_moved_ends_with_1_until_it_is_accepted(call, tmp_path):
    call("--accept", "first")
    code, out, _ = call(seed=1)
    assert code == 1
    assert "2 runs of largest, random_search\n  settings: have other settings: seed: golden 0, fresh 1" in out
    assert 'make regress ACCEPT="the reason"' in out
    code, out, _ = call("--accept", "another seed", seed=1)
    assert code == 0
    assert "seed: golden 0, fresh 1" in out
    reasons = {
        entry.since["reason"] for entry in goldens.read(tmp_path / "goldens") if entry.task == "search"
    }
    assert reasons == {"another seed"}
    assert call(seed=1)[0] == 0


def test_a_run_that_fails_is_told_and_nothing_is_recorded(call, tmp_path, monkeypatch):
    call("--accept", "first")
    before = {path.name: path.read_bytes() for path in (tmp_path / "goldens").iterdir()}
    from harness.searchers import largest

    monkeypatch.setattr(largest, "search", lambda bench, settings: 1 / 0)
    code, out, err = call()
    assert code == 1
    assert "status: record: golden ok, fresh failed" in out
    assert "division by zero" in err
    code, _, err = call("--accept", "whatever")
    assert (code, err.splitlines()[-1]) == (1, "harness: Nothing was recorded, because 1 run failed.")
    assert {path.name: path.read_bytes() for path in (tmp_path / "goldens").iterdir()} == before


def test_records_are_kept_where_asked_and_old_ones_are_refused(call, tmp_path):
    assert call("--accept", "first", "--results", str(tmp_path / "kept"))[0] == 0
    assert list((tmp_path / "kept" / "records").rglob("*.parquet"))
    code, _, err = call("--results", str(tmp_path / "kept"))
    assert code == 2
    assert "holds records already" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--accept", " \n"], "recorded with a reason"),
        (["--jobs", "0"], "JOBS must be a positive integer; received '0'"),
        (["--jbos", "2"], "--help"),
        ([], "record some with --accept"),
    ],
)
def test_bad_input_is_one_sentence(call, arguments, told):
    code, out, err = call(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_damaged_golden_file_is_told_before_anything_runs(call, tmp_path, monkeypatch):
    call("--accept", "first")
    (tmp_path / "goldens" / "search-nbmacro.json").write_text("{")
    monkeypatch.setattr(regress, "run_all", lambda *arguments: pytest.fail("something ran"))
    code, _, err = call()
    assert (code, err.count("\n")) == (2, 1)
    assert "search-nbmacro.json is damaged" in err


def test_the_preset_has_every_proxy_and_the_searches_of_both_orders():
    lines = OmegaConf.to_object(OmegaConf.load(folders.CONF / "preset" / f"{regress.PRESET}.yaml"))["runs"]
    (archs,) = [line for line in lines if "task=arch_correlation" in line]
    with composing():
        (config,) = run_configs(archs.split())
    assert config.proxy["names"] == [
        *registry.names("harness.proxies"),
        *registry.names("harness.aggregations"),
    ]
    assert any("searcher=zero_cost_pt searcher.order=random,global_op_iter" in line for line in lines)


def test_the_committed_goldens_are_of_the_preset():
    entries = goldens.read(regress.GOLDENS)
    assert {entry.space for entry in entries if entry.task != "tables"} == set(regress.SPACES)
    assert {entry.space for entry in entries if entry.task == "tables"} == set(benchmarks.tables())
    assert all(entry.since["reason"] for entry in entries)
    size = sum(path.stat().st_size for path in regress.GOLDENS.iterdir())
    assert size < 2**20


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], []),
        (["ACCEPT="], ["--accept="]),
        (["ACCEPT=it's $$HOME; `id`"], ["--accept=it's $HOME; `id`"]),
    ],
)
def test_make_hands_the_reason_on_as_it_is(tmp_path, given, passed):
    """``READY`` and ``RUN`` are replaced, so that nothing is set up and the arguments are printed."""
    show = tmp_path / "show"
    show.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    show.chmod(0o755)
    asked = ["make", "-s", "-f", str(folders.ROOT / "Makefile"), "regress", "READY=", f"RUN={show}", *given]
    out = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert out.splitlines() == ["-m", "harness.cli.regress", "--jobs", "", *passed]
