"""Folders and texts with any character in their names, and the home folder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.cli import bench, report, run
from harness.cli._compose import composing, run_configs
from harness.cli._literal import quoted, setting
from harness.records import Store

NAMES = [
    "jörg", "a=b", "a#b", "a~b", "~", "(a)", "a b", "a,b", "it's", 'say "it"', "a$b", "[a]", "{a: b}",
    "2024_01", "007", "1e3", "true", "a:b", "a\\b", "a\\'b\\", "日本", "%", "*", "&", ";", "null ", "glob(x)",
    "range(1,3)",
]  # fmt: skip
RUN = ("space=nbmacro", "task=search", "searcher=largest")


@pytest.fixture(autouse=True)
def argv(monkeypatch):
    monkeypatch.setattr("sys.argv", [])


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_the_one_that_is_named(name, tmp_path):
    with composing():
        (config,) = run_configs([*RUN, f"results={tmp_path}/{name}", f"input.folder={tmp_path}/{name}"])
    assert config.results == config.input["folder"] == f"{tmp_path}/{name}"


def test_runs_and_sweeps_into_all_of_them_at_once(tmp_path, capfd):
    root = tmp_path / "/".join(NAMES[:16])
    assert run.main([*RUN, f"results={root}"]) == 0, capfd.readouterr().err
    assert run.main(["-m", *RUN, "seed=0,1", f"results={root}"]) == 0, capfd.readouterr().err
    assert "1 done, 1 skipped" in capfd.readouterr().err
    assert len(list(Store(root).records())) == 2
    assert report.main(["--results", str(root), "--figures", "none"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["jörg"]


def test_a_quoted_value_null_and_interpolations_are_hydras(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCH", str(tmp_path / "scrätch"))
    with composing():
        for text, expected in (
            ("results=${oc.env:SCRATCH}/x", f"{tmp_path}/scrätch/x"),
            ("results='${oc.env:SCRATCH}/x'", f"{tmp_path}/scrätch/x"),
            (f'results="{tmp_path}/a,b"', f"{tmp_path}/a,b"),
            ("results=null", None),
            (f"results={tmp_path}/${{space.name}}", f"{tmp_path}/nbmacro"),
        ):
            assert run_configs([*RUN, text])[0].results == expected
        folders = run_configs([*RUN, "input.folder=choice(a,b)"])
        assert [config.input["folder"] for config in folders] == ["a", "b"]


@pytest.mark.parametrize("flags", [(), ("-m",)])
def test_interpolations_in_runs_that_are_done(flags, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    settings = (*RUN, "results=${oc.env:SCRATCH}/${space.name}", "label=${space.label}")
    assert run.main([*flags, *settings]) == 0, capfd.readouterr().err
    assert "never ended" not in capfd.readouterr().err
    assert len(list(Store(tmp_path / "nbmacro").records())) == 1


@pytest.mark.parametrize("value", ["~/x", "'~/x'"])
def test_the_home_folder(value, tmp_path, quick_pool, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run.main([*RUN, f"results={value}"]) == 0
    assert run.main(["-m", *RUN, "seed=1,2", f"results={value}"]) == 0
    assert len(list(Store(tmp_path / "x").records())) == 3
    assert report.main(["--results", "~/x", "--figures", "none", "--out", "~/page"]) == 0
    assert (tmp_path / "page" / "index.html").is_file()
    with composing():
        assert run_configs([*RUN, "input.folder=~/images"])[0].input["folder"] == f"{tmp_path}/images"
    assert {path.name for path in tmp_path.iterdir()} == {"x", "page"}
    monkeypatch.setattr(bench, "plan", lambda chosen, preset, seeds, overrides: _planned(overrides))
    assert bench.main(["--space", "nbmacro", "--results", "~/bench", "--jobs", "1"]) == 0
    assert (tmp_path / "bench" / "reports" / "nbmacro" / "index.html").is_file()


def _planned(overrides):
    with composing():
        return run_configs([*RUN, *overrides])


def test_quoting_is_done_once_and_for_texts_alone():
    for name in NAMES:
        assert quoted(quoted(f"results={name}")) == quoted(f"results={name}") == setting("results", name)
    for text in ("seed=0,1", "results=null", "results='a b'", "results=choice(a,b)", "label=a,b", "results"):
        assert quoted(text) == text


@pytest.mark.parametrize("text", ["label=a=b", "label=ö", "device=c(", "tracker=a#b"])
def test_other_values_are_told_how_to_quote(text, capfd):
    assert run.main([*RUN, text]) == 2
    name, _, value = text.partition("=")
    told = capfd.readouterr().err
    assert told.startswith(f"harness: {text!r} is not a setting; ")
    assert told.endswith(f"put a value with other characters in quotes: '{name}=\"{value}\"'.\n")


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_terminals_that_cannot_show_a_character(environment, tmp_path):
    assert run.main([*RUN, f"results={tmp_path}"]) == 0
    assert run.main(["space=nbmacro", "task=search", "searcher=random_search", f"results={tmp_path}"]) == 0
    code = (
        "import sys\n"
        "from harness.cli.main import main\n"
        "for verb in (['report', '--figures', 'none'], ['compare', 'largest', 'random_search']):\n"
        "    assert main([*verb, '--results', sys.argv[1]]) == 0, verb\n"
        "assert main(['tables', 'list']) == 0"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
