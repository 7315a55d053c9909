"""Hydra's flags, anywhere among the settings: they work, or a sentence says why not."""

from __future__ import annotations

import pytest

from harness.cli import _flags, run
from harness.records import Store
from tests.children import command

TINY = ("space=nbmacro", "fidelity=tiny", "batch_size=4", "task.population=3")


@pytest.fixture
def called(capfd, monkeypatch):
    monkeypatch.setattr("sys.argv", [])

    def called(*arguments):
        if {"--info", "--hydra-help"} & {*arguments}:  # which set logging up, on the streams there are
            done = command(*arguments, module="harness.cli.main")
            return done.returncode, done.stdout, done.stderr
        code = run.main(list(arguments))
        told = capfd.readouterr()
        return code, told.out, told.err

    return called


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_a_sweeps_flag_stands_anywhere(called, tmp_path, place, flag):
    settings = [*TINY[:2], "proxy=params,flops", f"results={tmp_path}", *TINY[2:]]
    settings.insert(2 * place, flag)
    code, out, err = called(*settings)
    assert (code, out.count("done: nbmacro")) == (0, 2)
    assert "2 settings, 2 runs: 2 done" in err


def test_one_run_may_be_called_so(called, tmp_path):
    code, out, _ = called("--run", *TINY, "proxy=params", f"results={tmp_path}")
    assert (code, out.count("done: nbmacro")) == (0, 1)


@pytest.mark.parametrize(
    ("searchers", "setting", "word"),
    [
        ("random_search,local_search", "searcher.queries=5", "done"),
        ("zero_cost_pt,zero_cost_disc", "searcher.order=fixed", "planned"),
        ("te_nas", "searcher.repeats=2", "planned"),
    ],
)
def test_a_setting_of_the_items_that_are_swept(called, tmp_path, searchers, setting, word):
    count = searchers.count(",") + 1
    more = [*TINY[:3], "dry_run=true"] if word == "planned" else [TINY[0]]
    code, _, err = called(
        "-m", "task=search", *more, f"searcher={searchers}", setting, "seed=0,1", f"results={tmp_path}"
    )
    assert code == 0, err
    assert f"{2 * count} runs: {2 * count} {word}" in err
    key, value = setting.removeprefix("searcher.").split("=")
    for record in Store(tmp_path).records():
        assert str(record.run.settings[key]) == value


def test_settings_of_every_group_go_with_a_sweep_over_it(called, tmp_path):
    settings = [
        "task=op_correlation,search", "scorer=darts_pt", "searcher=darts_pt", "fidelity=tiny,small",
        "fidelity.images=64", "training=darts,fixed_alphas", "training.epochs=3", "training.batch_size=16",
        "input=digits", "input.folder=null",
    ]  # fmt: skip
    code, _, err = called("-m", TINY[0], *settings, "dry_run=true", f"results={tmp_path}")
    assert code == 0, err
    assert "8 settings, 8 runs: 8 planned" in err


def test_an_item_without_the_setting_is_told(called, tmp_path):
    asked = (
        "-m",
        "task=search",
        "searcher=random_search,largest",
        "searcher.queries=5",
        f"results={tmp_path}",
    )
    code, out, err = called(*asked)
    assert (code, out) == (2, "")
    assert err == "harness: searcher=largest has no settings of its own; received searcher.queries.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], "== Configuration groups =="),
        (["-h", "seed=3"], "proxy: "),
        (["-h"], "searcher.queries: distinct networks looked up in the table (local_search, random_search, "),
        (["--hydra-help"], "Hydra"),
        (["--version"], "Hydra "),
        (["--cfg", "job", "seed=3"], "seed: 3\n"),
        (["seed=3", "-c", "job", "space=nbmacro"], "name: nbmacro\n"),
        (["--cfg", "hydra"], "hydra:"),
        (["--cfg", "all"], "hydra:"),
        (["--cfg", "job", "--resolve", "space=nbmacro"], "label: cifar10_test_50\n"),
        (["--cfg", "job", "--package", "searcher"], "proposals: 10\n"),
        (["--info", "searchpath"], "conf"),
        (["--info", "defaults"], "arch_correlation"),
        (["seed=1", "--info", "all"], "arch_correlation"),
        (["-sc", "install=bash"], "hydra_bash_completion"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_flags_that_show_something(called, arguments, words, tmp_path):
    code, out, err = called(*arguments, *([] if "-sc" in arguments else [f"results={tmp_path / 'none'}"]))
    assert (code, err) == (0, "")
    assert words in out
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cfg", "everything"], "invalid choice: 'everything'"),
        (["--cfg", "job", "sede=1"], "Could not override 'sede'"),
        (["--bogus"], "Unrecognized arguments: --bogus"),
        (["--run", "-m"], "--run, --multirun exclude each other"),
        (["-m", "--info", "all"], "--multirun, --info exclude each other"),
        (["--resolve"], "add --cfg job"),
        (["--package", "task"], "add --cfg job"),
        (["--config-path", "x"], "--config-path is not taken here: settings of your own go in a folder that"),
        (["-cn", "x"], "--config-name is not taken here"),
        (["--experimental-rerun", "x"], "python -m harness.cli.reproduce"),
        (["-sc"], "--shell-completion takes install=SHELL"),
        (["hydra.mode=MULTIRUN", "seed=0,1"], "hydra.mode is not taken here; -m sweeps"),
        (["--config-dir", "nowhere"], "There is no folder"),
        (["hydra.searchpath=here"], "hydra.searchpath lists folders"),
        (["hydra.searchpath=[pkg://no_such_package.conf]"], "There is no package no_such_package.conf"),
        (["hydra.searchpath=[ftp://x]"], "Settings lie in folders (file://) or packages (pkg://)"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_flags_that_are_refused(called, arguments, words, tmp_path):
    code, out, err = called(*arguments, f"results={tmp_path / 'none'}")
    assert (code, out) == (2, "")
    assert err.startswith("harness: ")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_a_line_taken_apart():
    line = _flags.read(["a=1", "--cfg", "job", "b=2", "--config-dir", "x", "--resolve", "-cd", "y"])
    assert line == _flags.Line(("a=1", "b=2"), ("x", "y"), False, ("--cfg", "job", "--resolve"))
    assert _flags.read(["a=1", "-m"]) == _flags.Line(("a=1",), (), True, ())
