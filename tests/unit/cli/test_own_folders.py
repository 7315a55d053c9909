"""A folder of one's own settings: in single runs, sweeps, plans, the bench and status."""

from __future__ import annotations

import json

import pytest

from harness import folders
from harness.cli import _own_folders, bench, run, status
from harness.records import Store

TINY = ("space=nbmacro", "fidelity=tiny", "batch_size=4", "task.population=3")


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", [])
    folder = tmp_path / "my settings, ö=1"
    for name, text in {
        "experiment/mine": "# @package _global_\ndefaults:\n  - override /proxy: my_list\nbatch_size: 8\n",
        "proxy/my_list": "names: [params, flops]\n",
        "searcher/short": "name: random_search\nqueries: 3\n",
        "preset/mine": "seeds: [0, 1]\nruns:\n  - task=search searcher=short\n",
    }.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    yield folder
    _own_folders.look_in(())


def settings(root):
    return sorted(
        (record.run.method, record.run.seed, record.run.settings) for record in Store(root).records()
    )


def test_a_single_run(own, tmp_path, capfd):
    asked = ["--config-dir", str(own), *TINY, "experiment=mine", f"results={tmp_path / 'results'}"]
    assert run.main([*asked, "dry_run=true"]) == 0
    assert capfd.readouterr().out.count("planned: ") == 2
    assert run.main(asked) == 0
    found = settings(tmp_path / "results")
    assert [(method, told["batch_size"]) for method, _, told in found] == [("flops", 4), ("params", 4)]


@pytest.mark.parametrize(
    ("how", "launcher"),
    [("flag", "basic"), ("file", "basic"), ("bare", "basic"), ("flag", "joblib"), ("file", "joblib")],
)
def test_a_sweep(own, tmp_path, capfd, request, how, launcher):
    """Of searches by known figures, for which no process has to load torch."""
    if launcher == "joblib":
        request.getfixturevalue("quick_joblib")
    link = tmp_path / "own"
    link.symlink_to(own)
    place = {
        "flag": ["-cd", str(own)],
        "file": [f"hydra.searchpath=[file://{link}]"],
        "bare": [f"+hydra.searchpath=[{link}]"],
    }[how]
    root = tmp_path / "results"
    asked = [*place, "-m", "space=nbmacro", "task=search", "searcher=glob([s*,local_search])", "seed=0,1"]
    assert run.main([*asked, f"results={root}", f"hydra/launcher={launcher}"]) == 0, capfd.readouterr().err
    assert [(method, seed, told["queries"]) for method, seed, told in settings(root)] == [
        ("local_search", 0, 100), ("local_search", 1, 100), ("random_search", 0, 3), ("random_search", 1, 3),
    ]  # fmt: skip


def test_settings_of_a_package(tmp_path, monkeypatch, capfd):
    package = tmp_path / "packaged_settings"
    (package / "conf" / "searcher").mkdir(parents=True)
    for folder in (package, package / "conf", package / "conf" / "searcher"):
        (folder / "__init__.py").write_text("")
    (package / "conf" / "searcher" / "packaged.yaml").write_text("name: random_search\nqueries: 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.argv", [])
    asked = ["hydra.searchpath=[pkg://packaged_settings.conf]", "space=nbmacro", "task=search"]
    assert run.main([*asked, "searcher=packaged", f"results={tmp_path / 'results'}"]) == 0, (
        capfd.readouterr().err
    )
    assert settings(tmp_path / "results")[0][2]["queries"] == 2
    _own_folders.look_in(())


def test_the_bench_and_status(own, tmp_path, quick_pool, capfd):
    root = tmp_path / "results"
    asked = ["--config-dir", str(own), "--preset", "mine", "--results", str(root)]
    assert status.main([*asked, "--space", "nbmacro"]) == 0
    assert "2 runs planned: 2 missing" in capfd.readouterr().out
    assert bench.main([*asked, "--space", "nbmacro", "--jobs", "1"]) == 0, capfd.readouterr().err
    assert [told["queries"] for _, _, told in settings(root)] == [3, 3]
    assert status.main(["--config-dir", str(own), "space=nbmacro", "task=search", "searcher=short,largest",
                        "--results", str(root)]) == 0  # fmt: skip
    assert "1 done, 1 missing" in capfd.readouterr().out


def test_what_is_left_out_is_not_looked_in_any_more(own, tmp_path, capfd):
    assert run.main(["--config-dir", str(own), "--cfg", "job", "experiment=mine"]) == 0
    capfd.readouterr()
    assert run.main([*TINY, "experiment=mine", f"results={tmp_path / 'results'}"]) == 2
    assert "Unknown experiment 'mine'" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("proxy/core", f"a file in {folders.CONF}, which comes first"),
        ("proxy/nwot", "a proxy that is there"),
        ("searcher/largest", "a searcher that is there"),
    ],
)
def test_a_name_of_ours_is_refused(own, tmp_path, capfd, name, words):
    path = own / f"{name}.yaml"
    path.write_text("names: [params]\n")
    assert run.main(["--config-dir", str(own), *TINY, f"results={tmp_path / 'results'}"]) == 2
    assert capfd.readouterr().err == f"harness: {path} has the name of {words}; give it another name.\n"


def test_a_name_of_ours_in_a_package_is_refused(tmp_path, monkeypatch, capfd):
    folder = tmp_path / "settings_like_ours" / "proxy"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "nwot.yaml").write_text("names: [params]\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert run.main(["hydra.searchpath=[pkg://settings_like_ours]", *TINY, "dry_run=true"]) == 2
    assert "has the name of a proxy that is there; give it another name." in capfd.readouterr().err


def test_a_wrong_setting_in_ones_own_file_is_told(own, tmp_path, capfd):
    for text, words in {
        "name: random_search\nqueries: no\n": "searcher.queries must be a positive integer; received False",
        "name: random_search\n": "searcher.queries must be a positive integer; received None",
        "name: random_search\nqueries: 3\nquerys: 4\n": "Unknown setting of searcher=random_search",
        "name: random\nqueries: 3\n": "Unknown searcher 'random'.",
        "name: [random\n": "short.yaml, line ",
    }.items():
        (own / "searcher" / "short.yaml").write_text(text)
        asked = ["--config-dir", str(own), "task=search", "searcher=short", f"results={tmp_path / 'results'}"]
        assert run.main(asked) == 2
        told = capfd.readouterr().err
        assert words in told, json.dumps(told)
        assert told.count("\n") == 1
    assert not (tmp_path / "results").exists()
