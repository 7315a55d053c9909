"""Runs on the MnasNet space: proxies of its networks, where a supernet is wanted, queries, refusals."""

from __future__ import annotations

import pytest

from harness import proxies, records
from harness.cli import run as command
from harness.cli._compose import composing, run_config
from harness.errors import HarnessError
from harness.runners import execute


@pytest.fixture
def run(tmp_path):
    """A run of the smallest networks, its outcomes."""

    def run(*asked):
        with composing():
            made = run_config(["space=mnasnet", "batch_size=4", f"results={tmp_path}", *asked])
        return execute(made)

    return run


FIRST = ("epe_nas", "grasp", "nwot", "snip", "synflow", "zen")


@pytest.mark.parametrize("names", [FIRST, pytest.param(proxies.names(), marks=pytest.mark.slow)])
def test_proxies_have_scores_or_say_why(run, names):
    outcomes = run(
        "task=arch_correlation", "fidelity=tiny", "task.population=1", f"proxy.names=[{','.join(names)}]"
    )
    assert [outcome.method for outcome in outcomes] == list(names)
    for outcome in outcomes:
        rows = records.read_record(outcome.path).rows
        assert "failed" not in set(rows["status"]), (outcome.method, list(rows["reason"]))
        undefined = outcome.method == "epe_nas"  # no class has two samples
        assert (set(rows["status"]) == {"ok"}) == (not undefined), outcome.method


def test_nwot_refuses_networks_without_a_relu(run):
    (nwot, smooth) = run(
        "task=arch_correlation", "fidelity=small_swish", "task.population=2", "proxy.names=[nwot,nwot_smooth]"
    )
    assert "no ReLU was called" in nwot.headline
    assert set(records.read_record(nwot.path).rows["status"]) == {"inf"}
    assert set(records.read_record(smooth.path).rows["status"]) == {"ok"}


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("task=search searcher=zero_cost_pt", "has some of the kinds expansion, kernel, depth, squeeze_"),
        ("task=search searcher=darts", "have no supernet \\(candidates are depths too"),
        ("task=op_correlation", "have no supernet \\(candidates are depths too"),
    ],
)
def test_what_reads_a_supernet_says_why_not(run, method, why):
    with pytest.raises(HarnessError, match=why) as told:
        run(*method.split(), "fidelity=tiny")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("searcher", ["random_search", "local_search", "regularized_evolution"])
def test_queries_of_a_partial_table(run, searcher):
    (outcome,) = run("task=search", f"searcher={searcher}", "searcher.queries=20")
    record = records.read_record(outcome.path)
    queries = record.rows[record.rows["stage"] == "query"]
    assert len(queries) == 20
    assert set(queries["status"].dropna()) <= {"ok", "unknown"}
    assert record.statistics["accuracy"] == queries["accuracy"].max()


def test_an_architecture_of_another_split_is_unknown(run):
    (outcome,) = run(
        "task=arch_correlation", "proxy=params", "fidelity=tiny", "label=imagenet_valid_16_of_test",
        "task.population=20",
    )  # fmt: skip
    rows = records.read_record(outcome.path).rows
    assert 0 < rows["accuracy"].notna().sum() < 20


def test_more_architectures_than_are_known(capsys):
    asked = ["space=mnasnet", "label=imagenet_valid_16_again", "proxy=params", "task.population=14"]
    assert command.main(asked) == 2
    told = capsys.readouterr().err
    assert "is known for 13 architectures, so that task.population is no larger" in told
