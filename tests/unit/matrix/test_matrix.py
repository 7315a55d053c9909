"""The matrix: taus against every label by looking them up again, verdicts, and what the files say."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from harness import benchmarks, stats
from harness.cli import matrix as command
from harness.matrix.judged import PROXIES, SCORERS, main_labels, places
from harness.matrix.text import numbers_csv, write_matrix
from harness.records import Run, Store
from harness.reports.analysis.groups import collect

SPACE, OWN = "transnas_micro", "class_scene_valid_25"
PROVENANCE = {"commit": "c0ffee", "dirty": False, "device": "cpu", "processor": "a CPU", "versions": {}}
SAMPLE = range(0, 4_096, 20)


@pytest.fixture(scope="module")
def table():
    return benchmarks.load(SPACE)


@pytest.fixture(scope="module")
def written(tmp_path_factory, table):
    """Records of a proxy that knows one task, of one that knows nothing, and of an operation scorer."""
    root = tmp_path_factory.mktemp("matrix")
    store = Store(root)
    archs = [table.architectures[number] for number in SAMPLE]
    keys = table.keys[list(SAMPLE)]
    rows = pd.DataFrame({"arch": [table.space.format(arch) for arch in archs]})
    rows["canonical"] = [table.space.canonical(arch) for arch in archs]
    rows["connected"] = True
    rows["accuracy"] = table.values(keys, OWN)
    rows["params"], rows["flops"] = table.params(keys), table.flops(keys)
    rows["operations"] = [table.space.non_identity_operations(arch) for arch in archs]
    rows["status"], rows["reason"] = "ok", ""

    def write(task, method, rows, statistics, **settings):
        shared = {"truth": table.digest(OWN), "fidelity": "tiny", "batch_size": 16}
        run = Run(task, SPACE, OWN, method, 0, shared | settings)
        store.write(run, "ok", None, rows, statistics, PROVENANCE, {}, {"seconds": 1.0})

    figures = {
        "knows": table.values(keys, "autoencoder_valid_30"),
        "noise": np.random.default_rng(0).normal(size=len(keys)),
    }
    for method, scores in figures.items():
        scored = rows.assign(score=scores)
        scored.loc[:2, ["score", "status", "reason"]] = np.nan, "nan", "no value"
        found = {**stats.architecture_agreement(scored, 0), "ceiling": stats.ceiling(None)}
        write(PROXIES, method, scored, found | {"population": {"sampled": len(keys)}})
    write(SCORERS, "knows_operations", *operations(table), proxy="nwot")
    return root


@pytest.fixture(scope="module")
def found(written):
    return places(collect(written))


def operations(table):
    """Rows whose scores are the best pixel accuracy by operation."""
    truth = table.goodness(table.keys, "segmentsemantic_valid_30")
    rows = [
        {
            "step": 0, "decision": spec.name, "candidate": name, "kind": spec.kind, "status": "ok",
            "reason": "",
            "score": max(v for a, v in zip(table.architectures, truth, strict=True)
                         if a[place] == (candidate,) and table.space.active(a)[place]),
        }
        for place, spec in enumerate(table.space.decisions)
        for candidate, name in enumerate(spec.candidates)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    for name in ("best_acc", "avg_acc", "best_acc_remaining", "avg_acc_remaining"):
        frame[name] = np.random.default_rng(1).normal(size=len(frame))
    return frame, stats.operation_agreement(frame)


def row(found, method, label, task=PROXIES):
    (place,) = (each for each in found if each.task == task)
    (one,) = (each for each in place.rows if (each.method, each.label.name) == (method, label))
    return one


def test_scores_are_judged_by_every_label(found, table):
    keys = table.keys[list(SAMPLE)]
    known = table.values(keys, "autoencoder_valid_30")[3:]
    for label in table.labels:
        one = row(found, "knows", label)
        assert one.kendall.n == len(SAMPLE) - 3
        assert one.kendall.tau == pytest.approx(kendalltau(known, table.values(keys, label)[3:]).statistic)
        baseline = row(found, "parameters", label)
        expected = kendalltau(table.params(keys), table.values(keys, label)).statistic
        assert baseline.kendall.tau == pytest.approx(expected)
    assert row(found, "knows", "autoencoder_valid_30").kendall.tau == 1.0
    assert {place.own for place in found} == {OWN}


def test_verdicts_say_who_is_ahead_of_the_best_baseline(found):
    assert row(found, "knows", "autoencoder_valid_30").verdict == "ahead"
    behind = row(found, "noise", OWN)
    assert behind.verdict == "behind"
    assert behind.ahead.high < 0
    taus = {
        name: row(found, name, OWN).kendall.tau for name in ("parameters", "FLOPs", "non-identity operations")
    }
    assert behind.baseline == max(taus, key=taus.get)


def test_operations_are_judged_by_every_label(found, table):
    assert row(found, "knows_operations", "segmentsemantic_valid_30", SCORERS).kendall.tau == 1.0
    other = row(found, "knows_operations", "autoencoder_valid_30", SCORERS)
    assert other.kendall.n <= len(table.space.decisions)
    assert other.kendall.tau < 1


def test_main_labels_are_one_for_every_data_set():
    known = tuple(benchmarks.labels("nb201").values())
    names = [label.name for label in main_labels(known, "cifar10_test_12")]
    assert names == ["cifar10_test_12", "cifar100_test_200", "imagenet16_120_test_200"]


def test_the_files(written, found, tmp_path):
    paths = write_matrix(written, tmp_path / "out")
    text = paths[0].read_text(encoding="utf-8")
    lines = text.splitlines()
    assert "| **transnas_micro, autoencoder_valid_30** | −0.01" in text
    assert "| transnas_micro, class_scene_valid_25 | 0.46 (" in text
    (own,) = [line for line in lines if line.startswith("| knows | ") and "1.00 ▲" in line]
    assert own.count("|") == 2 + 7
    assert any(line.startswith("| noise | ") and "▽" in line for line in lines)
    assert f"| {SPACE} | {PROXIES} | {OWN} | 2 | 202" in text
    rows = list(csv.DictReader(paths[1].read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 7 * (2 + 3) + 7
    assert paths[1].read_text(encoding="utf-8") == numbers_csv(found)
    assert {each["verdict"] for each in rows if each["kind"] == "baseline"} == {""}


def test_without_records_a_sentence_says_what_to_run(tmp_path, capsys):
    assert command.main(["--results", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("harness: No records in ")


def test_the_command_names_its_files(written, tmp_path, capsys):
    assert command.main(["--results", str(written), "--out", str(tmp_path / "mine")]) == 0
    named = capsys.readouterr().out.split()
    assert named == [str(tmp_path / "mine" / name) for name in ("matrix.md", "matrix.csv")]
