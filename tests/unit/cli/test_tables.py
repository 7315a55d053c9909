from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from harness import benchmarks
from harness.benchmarks import importers
from harness.cli import tables as command
from harness.folders import BENCHMARKS_DATA, ROOT
from harness.published import operation_scores

FIELDS = {"test_acc": [90.5, 91.0, 91.1], "mean_acc": 272.6 / 3, "std": 0.1, "params": 100, "flops": 2_000}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "nas-bench-macro_cifar10.json"
    path.write_text(json.dumps({"22212220": FIELDS}))
    return str(path)


@pytest.fixture
def run(capsys):
    def main(*arguments):
        code = command.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return main


LINES = [*benchmarks.tables(), *(f"{name} operation scores" for name in operation_scores.names())]
"""What every verb names: the tables, then the published operation scores."""


def test_verify_the_committed_tables(run):
    code, out, err = run("verify")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split(":")[0] for line in lines] == LINES
    assert all(": ok, " in line for line in lines)


def test_verify_reports_every_table_and_fails(run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(BENCHMARKS_DATA, folder)
    path = folder / "nb201.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    (folder / "nbmacro.parquet").unlink()
    scores = folder / "nb1shot1_2_operation_scores.parquet"
    scores.write_bytes(scores.read_bytes()[1:])
    code, out, err = run("verify", "--dir", folder)
    assert (code, err) == (1, "")
    faulty = {line.split(":")[0] for line in out.splitlines() if "FAILED" in line}
    assert faulty == {"nb201", "nbmacro", "nb1shot1_2 operation scores"}
    assert "expected SHA-256" in out
    assert len(out.splitlines()) == len(LINES)


def test_list_says_what_every_label_means(run):
    code, out, err = run("list")
    assert (code, err) == (0, "")
    assert "  cifar10_test_200 (default): cifar10, test accuracy, 200 epochs; mean of all runs" in out
    assert "nb1shot1_3: NAS-Bench-1Shot1 space 3, 24,066 architectures" in out
    assert out.count("  licence: ") == len(LINES)
    assert out.count("  citation: ") == len(LINES)
    assert "  darts_pt: scorer=darts_pt training=darts training.epochs=100" in out
    assert out.count("(default)") == len(benchmarks.tables())


def test_import_verify_and_import_again(run, source, tmp_path):
    folder = tmp_path / "mine"
    code, out, err = run("import", "nbmacro_json", source, "--partial", "--out", folder)
    assert (code, err) == (0, "")
    assert "nbmacro: 1 rows, 5 labels" in out
    assert run("verify", "--dir", folder)[0] == 0
    assert "(partial)" in run("list", "--dir", folder)[1]
    code, out, err = run("import", "nbmacro_json", source, "--partial", "--out", folder)
    assert (code, out) == (2, "")
    assert "already holds nbmacro" in err
    assert run("import", "nbmacro_json", source, "--partial", "--out", folder, "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", "nbmacro_jsn", "x"], "Unknown format 'nbmacro_jsn'. Did you mean 'nbmacro_json'?"),
        (["import", "nbmacro_json", "nowhere.json"], "There is no nowhere.json"),
        (["import", "nats_simple", "nowhere"], "There is no folder nowhere"),
        (["import", "nb201_pth", "nowhere.pth"], "There is no file nowhere.pth"),
        (["import", "figures", "nowhere"], "There is no nowhere"),
        (["import", "nbmacro_json", "nowhere.json", "--partial"], "folder of your own"),
        (["verify", "--dir", "nowhere"], "There is no MANIFEST.toml in nowhere"),
        (["list", "--dir", "nowhere"], "There is no MANIFEST.toml in nowhere"),
    ],
)
def test_bad_input_is_answered_with_one_sentence(run, arguments, sentence):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_an_incomplete_release_is_refused(run, source, tmp_path):
    code, _, err = run("import", "nbmacro_json", source, "--out", tmp_path / "mine")
    assert code == 2
    assert "holds 1 of 6,561 architectures" in err
    assert not (tmp_path / "mine").exists()


def test_the_committed_folder_is_not_replaced_by_accident(run, monkeypatch, shared):
    def untouched(*_):
        raise AssertionError("nothing may be written")

    monkeypatch.setattr(os, "replace", untouched)
    path = shared / "data" / "nbmacro" / "nas-bench-macro_cifar10.json"
    code, _, err = run("import", "nbmacro_json", path)
    assert code == 2
    assert "already holds nbmacro, nbmacro.parquet; add --force" in err


@pytest.mark.parametrize("arguments", [[], ["import"], ["import", "figures"], ["check"]])
def test_usage_errors(arguments, capsys):
    assert command.main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("harness: ")
    assert len(err.splitlines()) == 1


def test_help_names_every_format(capsys):
    with pytest.raises(SystemExit) as exit_:
        command.main(["import", "--help"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert all(f"  {name}: " in out for name in importers.names())


def test_as_a_program(source, tmp_path):
    arguments = [
        sys.executable,
        "-m",
        "harness.cli.tables",
        "import",
        "nbmacro_json",
        source,
        "--out",
        tmp_path / "mine",
    ]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"harness: {source} holds 1 of 6,561")
    assert "Traceback" not in done.stderr


def test_costs_are_compared_by_data_set(run, tmp_path):
    code, out, err = run("costs", "nb201", "--dataset", "cifar100")
    assert (code, err) == (0, "")
    rows = [line for line in out.splitlines() if line.startswith("| cifar100_")]
    assert len(rows) == 9
    assert rows[0].startswith("| cifar100_latency_fpga | 15,625 | 0.831 (0.828 to 0.835) |")
    assert "| cifar100_test_200 |" in out

    code, out, err = run("costs", "transnas_macro", "--pairs", tmp_path / "new" / "pairs.csv")
    assert (code, err) == (0, "")
    lines = (tmp_path / "new" / "pairs.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 7 * 3
    assert lines[0] == "space,dataset,first,second,n,kendall,low,high"
    assert "transnas_macro, autoencoder" in out


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("nb201", "--dataset", "svhn"), "Unknown data set of nb201 'svhn'"),
        (("darts",), "darts has no cost"),
        (("nowhere",), "Unknown table"),
    ],
)
def test_costs_that_are_not_there(run, asked, words):
    code, out, err = run("costs", *asked)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
