"""``python -m harness.cli.status``: how every run stands, found or planned."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness import records, runners
from harness.benchmarks import load
from harness.cli import _states
from harness.cli.run import main as harness
from harness.cli.status import main
from harness.processes import under_way
from harness.processes.claims import inside
from harness.records import Run, Store

ASKED = ("space=nbmacro", "task=search", "searcher=random_search", "searcher.queries=4")
TRUTH = load("nbmacro").digest("cifar10_test_50")
ROWS = pd.DataFrame({"score": [1.0]})


def run_of(method="nwot", seed=0, **settings) -> Run:
    told = {"truth": TRUTH} | settings
    return Run("arch_correlation", "nbmacro", "cifar10_test_50", method, seed, told)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def write(root):
    def write(run, failure=None):
        status = "failed" if failure else "ok"
        return Store(root).write(run, status, failure, ROWS, {}, {}, {}, {}, force=True)

    return write


@pytest.fixture
def status(root, capfd):
    """The lines, split, and the last one."""

    def status(*arguments):
        assert main([*arguments, "--results", str(root)]) == 0
        *lines, last = capfd.readouterr().out.splitlines()
        return [line.split("\t") for line in lines], last

    return status


def test_an_empty_folder(status, root):
    assert status() == ([], f"0 runs in {root}")
    assert not root.exists()


def test_done_and_failed(status, write, root):
    write(run_of("nwot", 0))
    write(run_of("nwot", 10))
    write(run_of("nwot", 2), "out of memory\nand more")
    lines, last = status()
    names = ["arch_correlation", "nbmacro", "cifar10_test_50", "nwot"]
    assert lines == [
        ["done", *names, "0", ""],
        ["failed", *names, "2", "out of memory and more"],
        ["done", *names, "10", ""],
    ]
    assert last == f"3 runs in {root}: 2 done, 1 failed"


def test_a_failure_before_or_after_a_success_does_not_count(status, write):
    write(run_of(), "at first")
    write(run_of())
    write(run_of(), "when it was forced")
    lines, last = status()
    assert [line[0] for line in lines] == ["done"]
    assert last.endswith("1 done")


def test_a_failure_with_other_settings_counts_and_both_say_in_what_they_differ(status, write):
    write(run_of(batch_size=64, input={"name": "noise", "digest": "cd" * 32}))
    write(run_of(batch_size=32, input={"name": "noise", "digest": "cd" * 32}), "no memory")
    lines, _ = status()
    assert sorted((line[0], line[6]) for line in lines) == [
        ("done", "batch_size=64"),
        ("failed", "batch_size=32; no memory"),
    ]


def test_the_last_of_ten_failures_is_told(status, write):
    for number in range(1, 12):
        write(run_of(), f"failure {number}")
    lines, _ = status()
    assert [line[6] for line in lines] == ["failure 11"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"truth": "ab" * 32}, f"made with the table abababab, now {TRUTH[:8]}; run it again"),
        (
            {"published": {"set": "x", "digest": "cd" * 32}},
            "made with the published scores cdcdcdcd, and there is none now; run it again",
        ),
    ],
)
def test_stale(status, write, settings, words):
    write(run_of(**settings))
    (line,), last = status()
    assert (line[0], line[6]) == ("stale", words)
    assert last.endswith(": 1 stale")


def test_a_damaged_record_is_told_and_stops_nothing(status, write):
    write(run_of("nwot")).write_text("{")
    write(run_of("snip"))
    lines, _ = status()
    assert [line[0] for line in lines] == ["damaged", "done"]
    assert lines[0][1:6] == ["arch_correlation", "nbmacro", "cifar10_test_50", "nwot", "seed=0"]
    assert "no complete JSON" in lines[0][6]


def test_running_and_interrupted(status, write, root):
    write(run_of("snip"))
    write(run_of("nwot"), "no memory")
    for method in ("nwot", "snip", "synflow"):
        folder = under_way.folder_of(root, run_of(method))
        folder.mkdir(parents=True)
        under_way.describe(root, run_of(method), 20, 16)
        (folder / "00000-aa.json").touch()
    by_method = {line[4]: line for line in status()[0]}
    assert {name: line[0] for name, line in by_method.items()} == {
        "nwot": "interrupted",
        "snip": "done",
        "synflow": "interrupted",
    }
    assert by_method["synflow"][6] == "16 of 20 architectures measured; run it again to go on"
    with inside(under_way.folder_of(root, run_of("snip"))):
        by_method = {line[4]: line for line in status()[0]}
    assert by_method["snip"][0] == "running"
    assert by_method["snip"][6].startswith("16 of 20 architectures measured; host and process id: ")
    assert str(os.getpid()) in by_method["snip"][6]


def test_supernets_that_are_not_trained_to_the_end(status, monkeypatch):
    each = under_way.Supernet("nbmacro-darts-01", "nbmacro", 2, False, 5, 50)
    monkeypatch.setattr(runners, "supernets", lambda root: [each])
    (line,), _ = status()
    assert line == ["interrupted", "supernet", "nbmacro", "", "nbmacro-darts-01", "2", "5 of 50 epochs"]


def test_spaces_and_families(status, write):
    write(run_of())
    label = "cifar10_test_108"
    other = run_of(truth=load("nb1shot1_2").digest(label))
    write(replace(other, space="nb1shot1_2", label=label))
    assert [line[2] for line in status()[0]] == ["nb1shot1_2", "nbmacro"]
    assert [line[2] for line in status("--space", "nb1shot1")[0]] == ["nb1shot1_2"]
    assert [line[2] for line in status("--space", "nb1shot1", "--space", "nbmacro")[0]] == [
        "nb1shot1_2",
        "nbmacro",
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_records_of_an_older_format_are_done(capfd, version):
    fixture = Path(__file__).parents[2] / "fixtures" / "records" / f"format-{version}"
    assert main(["--results", str(fixture)]) == 0
    assert capfd.readouterr().out.endswith(": 3 done\n")


# --- plans -------------------------------------------------------------------------------------------------


def test_a_plan(status, root, capfd):
    assert harness([*ASKED, f"results={root}"]) == 0
    capfd.readouterr()
    lines, last = status("-m", *ASKED, "seed=0,1,2", "searcher.queries=4,5")
    assert [(line[0], line[5]) for line in lines].count(("done", "0")) == 1
    assert [line[0] for line in lines].count("missing") == 5
    assert last == "6 runs planned: 1 done, 5 missing"


def test_a_plan_tells_of_the_runs_it_asks_for_alone(status, root, write):
    write(run_of())
    lines, last = status(*ASKED)
    assert [line[:6] for line in lines] == [
        ["missing", "search", "nbmacro", "cifar10_test_50", "random_search", "0"]
    ]
    assert last == "1 runs planned: 1 missing"


def test_states_of_planned_runs(status, root, monkeypatch):
    def planned(seed):
        (outcome,) = runners.planned(replace(config, seed=seed))
        return outcome.path.stem

    from harness.cli._compose import composing, run_config

    with composing():
        config = run_config([*ASKED, f"results={root}"])
    by_seed = {}
    for seed, state in enumerate(("failed", "interrupted", "stale")):
        by_seed[seed] = _states.Line(state, "t", "s", "l", "m", seed, f"why {state}", {}, planned(seed))
    monkeypatch.setattr(_states, "found", lambda root: list(by_seed.values()))
    lines, last = status(*ASKED, "seed=0,1,2,3")
    assert last == "4 runs planned: 1 interrupted, 1 failed, 1 missing, 1 stale"
    assert [line[6] for line in lines if line[0] == "failed"] == ["why failed"]


def test_the_same_run_asked_for_twice_counts_once(status):
    _, last = status(*ASKED, "fidelity=tiny,small")
    assert last == "1 runs planned: 1 missing"


def test_a_plan_goes_past_what_cannot_be(status, tmp_path):
    gone = tmp_path / "nowhere"
    lines, last = status(
        "space=nbmacro", "proxy=params", "input=noise,cifar10", f"input.folder={gone}", "task.population=3"
    )
    assert [line[0] for line in lines] in (["refused", "missing"], ["missing", "refused"])
    assert any(str(gone) in line[6] for line in lines)
    assert last == "2 runs planned: 1 missing, 1 refused"


def test_a_preset(status):
    lines, last = status("--preset", "smoke", "--space", "nbmacro", "--seeds", "3", "input=noise")
    assert {line[0] for line in lines} <= {"missing", "refused"}
    assert {line[5] for line in lines} == {"3"}
    assert {line[1] for line in lines} >= {"arch_correlation", "op_correlation", "search"}
    assert last.startswith(f"{len(lines)} runs planned: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["space=nb20"], "Unknown space 'nb20'. Did you mean 'nb201'?"),
        (["--space", "nb20"], "Unknown space 'nb20'. Did you mean 'nb201'?"),
        (["--preset", "fast"], "Unknown preset 'fast'."),
        (["--seeds", "1"], "--seeds goes with --preset"),
        (["--what"], "Unrecognized arguments: --what"),
        (["sede=1"], "Unknown setting 'sede'. Did you mean 'seed'?"),
    ],
)
def test_bad_input(arguments, words, root, capfd):
    assert main([*arguments, "--results", str(root)]) == 2
    out, err = capfd.readouterr()
    assert words in err
    assert err.count("\n") == 1
    assert out == ""


# --- the command -------------------------------------------------------------------------------------------


def test_found_runs_are_told_without_torch_and_in_a_table_on_a_terminal(write, root):
    write(run_of())
    code = (
        "import sys; from harness.cli.status import main; main(sys.argv[1:]); "
        "assert not {'torch', 'hydra', 'scipy'} & set(sys.modules)"
    )
    leader, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code, "--results", str(root)],
        stdout=terminal, stderr=subprocess.PIPE, text=True, check=False, env=os.environ | {"COLUMNS": "100"},
    )  # fmt: skip
    os.close(terminal)
    assert (done.returncode, done.stderr) == (0, "")
    shown = os.read(leader, 10**5).decode()
    assert "State" in shown
    assert "\t" not in shown
    assert "1 runs in" in shown


def test_reading_changes_nothing(status, write, root):
    write(run_of())
    under_way.folder_of(root, run_of("snip")).mkdir(parents=True)
    under_way.describe(root, run_of("snip"))
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    status()
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    json.loads(next(root.rglob("about")).read_text())
    assert len(list(records.Store(root).records())) == 1
