"""Runs side by side, the report at the end, and failures that do not stop the others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console

from harness import records
from harness.cli import bench
from harness.cli._compose import composing, run_configs
from harness.cli._pool import run_all

SMALL = ["fidelity=tiny", "batch_size=4", "task.population=4"]


def configs(root, *overrides: str):
    with composing():
        return run_configs([*overrides, f"results={root}"])


def content(root) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(".timing.json")
    }


@pytest.fixture
def console(tmp_path):
    with (tmp_path / "log").open("w") as log:
        yield Console(file=log, width=200)


def test_the_number_of_workers_changes_no_byte(tmp_path, console, request):
    overrides = ["space=nbmacro", "seed=0,1", "proxy=nwot_eval", *SMALL]
    assert run_all(configs(tmp_path / "2", *overrides), 2, console) == []
    request.getfixturevalue("quick_pool")
    assert run_all(configs(tmp_path / "1", *overrides), 1, console) == []
    assert content(tmp_path / "1") == content(tmp_path / "2")
    assert len(list(records.Store(tmp_path / "1").records())) == 2


def test_a_failure_is_told_and_stops_nothing(tmp_path, console, quick_pool):
    good, bad = configs(tmp_path, "space=nbmacro", "task=search", "searcher=random_search,random_by_proxy")
    bad = replace(bad, input={"name": "cifar10", "folder": str(tmp_path / "nowhere")})
    (failure,) = run_all([bad, good], 1, console)
    assert failure.reason.startswith("nbmacro search seed=0: ")
    assert "nowhere" in failure.reason
    assert not failure.began
    assert len(list(records.Store(tmp_path).records())) == 1
    console.file.flush()
    assert "] failed: nbmacro search seed=0" in (tmp_path / "log").read_text()


def test_bench_ends_with_the_table_and_the_path_of_the_report(tmp_path, capsys, quick_pool, monkeypatch):
    root = tmp_path / "results"
    monkeypatch.setattr(
        bench, "plan", lambda chosen, *_: configs(root, "space=nbmacro", "task=search", "searcher=largest")
    )
    assert bench.main(["--space", "nbmacro", "--results", str(root)]) == 0
    out = capsys.readouterr().out
    assert "largest" in out
    assert f"Report: {root / 'reports' / 'nbmacro' / 'index.html'}" in out
    assert (root / "reports" / "nbmacro" / "index.html").is_file()
    (record,) = [path for path in (root / "records").rglob("*.json") if "timing" not in path.name]
    assert json.loads(record.read_text())["status"] == "ok"


def test_a_space_that_is_also_a_family_means_itself():
    assert bench.choose_spaces("darts") == ("darts",)
    assert bench.choose_spaces("darts_s2", measured=True) == ("darts_s2",)
    assert set(bench.choose_spaces("all")) >= {"darts", "darts_s5"}


def test_a_family_can_have_lines_of_its_own():
    for preset in ("smoke", "quick"):
        configs = bench.plan(("darts", "darts_s5"), preset, "", [])
        scored = [config for config in configs if config.task["name"] == "arch_correlation"]
        assert {config.space["name"] for config in scored} == {"darts", "darts_s5"}
        assert {config.fidelity["name"] for config in scored} == {"tiny"}


def test_a_line_may_name_seeds_of_its_own_and_seeds_that_are_asked_for_win():
    by_task = {}
    for config in bench.plan(("nb201",), "quick", "", []):
        by_task.setdefault((config.task["name"], config.searcher["name"]), set()).add(config.seed)
    assert by_task["search", "random_search"] == {0, 1, 2, 3}
    assert {config.seed for config in bench.plan(("nb201",), "quick", "5", [])} == {5}
    asked = bench.plan(("nb201",), "quick", "5,6", [])
    assert len({repr(config) for config in asked}) == len(asked)
