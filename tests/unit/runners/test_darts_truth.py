"""Runs on the DARTS space, of which a few genotypes are known."""

from __future__ import annotations

import pytest

from harness import records
from harness.cli._compose import composing, run_config
from harness.runners import execute

NETWORKS = ("fidelity=tiny", "batch_size=4", "threads=1")


def run(root, *overrides):
    with composing():
        config = run_config(["space=darts", "input=noise", "device=cpu", f"results={root}", *overrides])
    (outcome,) = execute(config)
    return records.read_record(outcome.path)


def test_the_ceiling_is_published(tmp_path):
    record = run(tmp_path, "task=arch_correlation", "task.population=6", "proxy=params", *NETWORKS)
    ceiling = record.statistics["ceiling"]
    assert (ceiling["kendall"], ceiling["spearman"], ceiling["n"]) == (0.476, 0.643, 32)
    assert "NAS-Benchmark" in ceiling["source"]
    assert ceiling["reason"] is None
    other = run(
        tmp_path, "task=arch_correlation", "task.population=6", "proxy=params",
        "label=cifar10_test_600_sgas", *NETWORKS,
    )  # fmt: skip
    assert other.statistics["ceiling"]["reason"].startswith("the table holds no single training runs")


@pytest.mark.parametrize("scorer", ["best_acc", "avg_acc"])
def test_oracles_say_what_they_do_not_know(tmp_path, scorer):
    record = run(tmp_path, "task=op_correlation", f"scorer={scorer}")
    rows = record.rows
    assert rows.step.max() == len(rows[rows.step == 0].decision.unique()) - 1
    assert set(rows[rows.decision != ""].status) == {"ok", "unknown"}
    assert set(rows[(rows.step == 0) & (rows.candidate == "none")].status) == {"unknown"}
    last = rows[rows.step == rows.step.max()]
    assert set(last.status) == {"unknown"}
    assert not last.chosen.any()
    assert record.statistics["steps"][0]["best_acc"]["kendall"] is not None


@pytest.mark.parametrize("searcher", ["random_search", "largest"])
def test_searchers_find_what_is_known(tmp_path, searcher):
    record = run(tmp_path, "task=search", f"searcher={searcher}")
    assert record.statistics["accuracy"] is not None
    assert record.statistics["size"] == 214
