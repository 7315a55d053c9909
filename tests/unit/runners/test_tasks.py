"""The three tasks, from a config to a record, on the smallest networks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from harness import benchmarks, networks, records, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.runners import RunConfig, execute
from harness.runs.setup import prepare
from harness.searchers import _released
from harness.sharing import team as _team


def config(root, *overrides: str, task: str = "arch_correlation", space: str = "nbmacro") -> RunConfig:
    small = ["fidelity=tiny", "batch_size=4", f"results={root}"]
    with composing():
        return run_config([f"task={task}", f"space={space}", *small, *overrides])


def rows(path) -> pd.DataFrame:
    record = json.loads(path.read_text())
    return pd.read_parquet(path.with_name(record["rows"]["file"]))


def read(path) -> dict:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def architectures(tmp_path_factory):
    """One arch_correlation run of three proxies on nb201."""
    root = tmp_path_factory.mktemp("architectures")
    made = config(root, "proxy.names=[nwot,params,synflow]", "task.population=14", space="nb201")
    return root, made, execute(made)


def test_arch_correlation_writes_a_record_per_proxy(architectures):
    _, _, outcomes = architectures
    assert [(outcome.method, outcome.status) for outcome in outcomes] == [
        ("nwot", "done"),
        ("params", "done"),
        ("synflow", "done"),
    ]


def test_arch_correlation_numbers_are_the_rows_and_the_tables(architectures):
    _, _, outcomes = architectures
    space, table = spaces.load("nb201"), benchmarks.load("nb201")
    for outcome in outcomes:
        table_rows, record = rows(outcome.path), read(outcome.path)
        archs = [space.parse(arch) for arch in table_rows["arch"]]
        assert len({space.canonical(arch) for arch in archs}) == 14
        assert table_rows["accuracy"].tolist() == table.values(archs, "cifar10_test_200").tolist()
        params = [networks.count_parameters(networks.build(space, arch)) for arch in archs]
        assert table_rows["params"].tolist() == params
        ok = table_rows["status"] == "ok"
        expected = kendalltau(table_rows["score"][ok], table_rows["accuracy"][ok]).statistic
        assert record["statistics"]["score"]["kendall"] == pytest.approx(expected, abs=1e-12)
        assert record["statistics"]["score"]["n"] == ok.sum()
        assert record["statistics"]["population"] == {"sampled": 14, "distinct": True, "space_size": 15_625}
        assert record["settings"]["truth"] == table.digest("cifar10_test_200")


def test_a_second_run_is_skipped_and_a_forced_one_keeps_the_old(architectures):
    root, made, outcomes = architectures
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    again = execute(made)
    assert {outcome.status for outcome in again} == {"skipped"}
    assert [outcome.path for outcome in again] == [outcome.path for outcome in outcomes]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    forced = execute(replace(made, force=True))
    assert {outcome.status for outcome in forced} == {"done"}
    assert all(path.read_bytes() == content for path, content in before.items())
    for old, new in zip(outcomes, forced, strict=True):
        assert new.path != old.path
        assert new.path.read_bytes() == old.path.read_bytes()


def test_company_order_and_threads_do_not_change_a_record(architectures, tmp_path):
    _, _, outcomes = architectures
    alone = config(tmp_path, "proxy=synflow", "task.population=14", space="nb201")
    (outcome,) = execute(alone)
    together = outcomes[2]
    assert outcome.path.name == together.path.name
    assert outcome.path.read_bytes() == together.path.read_bytes()
    assert rows(outcome.path).equals(rows(together.path))


def test_disconnected_cells_have_a_status_and_no_score(tmp_path):
    made = config(tmp_path, "proxy.names=[nwot,params]", "task.population=50", space="nb201")
    nwot, params = execute(made)
    space = spaces.load("nb201")
    table_rows = rows(nwot.path)
    cut = ~np.array([space.connected(space.parse(arch)) for arch in table_rows["arch"]])
    assert cut.any(), "a population without a disconnected cell tests nothing"
    assert set(table_rows["status"][cut]) == {"disconnected"}
    assert table_rows["score"][cut].isna().all()
    assert (rows(params.path)["status"] == "ok").all()


@pytest.mark.parametrize("scorer", ["zero_cost_pt", "zero_cost_disc", "best_acc", "avg_acc"])
@pytest.mark.parametrize("space", ["nbmacro", "nb1shot1_1"])
def test_op_correlation_scores_every_open_candidate_at_every_step(scorer, space, tmp_path):
    made = config(tmp_path, f"scorer={scorer}", "proxy=params", task="op_correlation", space=space)
    (outcome,) = execute(made)
    table_rows, record, made_of = rows(outcome.path), read(outcome.path), spaces.load(space)
    sizes = [len(decision.candidates) for decision in made_of.decisions]
    expected = [sum(sizes[step:]) for step in range(len(sizes))]
    assert table_rows.groupby("step").size().tolist() == expected
    chosen = table_rows[table_rows["chosen"]]
    assert chosen.groupby("step").size().tolist() == [decision.picks for decision in made_of.decisions]
    assert set(record["statistics"]) >= {"steps", "selected", "selected_progressive"}
    if scorer == "best_acc":
        assert record["statistics"]["steps"][0]["best_acc"]["kendall"] == pytest.approx(1.0)


def test_op_correlation_truth_is_that_of_the_table(tmp_path):
    made = config(tmp_path, "scorer=best_acc", task="op_correlation")
    (outcome,) = execute(made)
    table_rows, space, table = rows(outcome.path), spaces.load("nbmacro"), benchmarks.load("nbmacro")
    accuracies = table.values(space.listing(), made.label)
    row = table_rows[(table_rows["step"] == 0) & (table_rows["decision"] == "layer_3")].iloc[1]
    holding = [arch[3] == (1,) for arch in space.listing()]
    assert row["best_acc"] == accuracies[holding].max()
    assert row["avg_acc"] == pytest.approx(accuracies[holding].mean(), rel=1e-12)
    assert row["count"] == sum(holding)


def test_op_correlation_of_the_initial_supernet_only(tmp_path):
    made = config(tmp_path, "task.progressive=false", "scorer=avg_acc", task="op_correlation")
    (outcome,) = execute(made)
    assert set(rows(outcome.path)["step"]) == {0}
    # "Take the largest operation everywhere" is what mean accuracy selects here.
    assert read(outcome.path)["statistics"]["selected"]["arch"] == "22222222"
    assert read(outcome.path)["statistics"]["selected"]["rank"] == 21


SEARCHES = [
    ("zero_cost_pt", ["proxy=nwot_eval", "searcher.proposals=2", "searcher.validation_batches=2"]),
    ("zero_cost_disc", ["proxy=nwot_eval", "searcher.proposals=2", "searcher.validation_batches=2"]),
    ("random_search", ["searcher.queries=7"]),
    ("largest", []),
]


@pytest.mark.parametrize(("searcher", "settings"), SEARCHES)
@pytest.mark.parametrize("space", ["nb201", "nbmacro", "nb1shot1_2"])
def test_search_is_judged_by_the_table(searcher, settings, space, tmp_path):
    made = config(tmp_path, f"searcher={searcher}", *settings, task="search", space=space)
    (outcome,) = execute(made)
    found, loaded, table = read(outcome.path)["statistics"], spaces.load(space), benchmarks.load(space)
    arch = loaded.parse(found["arch"])
    accuracies = table.values(loaded.listing(), made.label)
    assert found["accuracy"] == table.value(arch, made.label)
    assert found["rank"] == 1 + (accuracies > found["accuracy"]).sum()
    assert found["regret"] == pytest.approx(accuracies.max() - found["accuracy"])
    assert found["table_queries"] == (7 if searcher == "random_search" else 0)
    if searcher.startswith("zero_cost"):
        per_proposal = sum(len(decision.candidates) for decision in loaded.decisions)
        validated = found["proposals_distinct"] if found["proposals_distinct"] > 1 else 0
        assert found["evaluations"] == 2 * per_proposal + 2 * validated
        stages = rows(outcome.path).groupby("stage").size()
        assert stages["proposal"] == 2 * (per_proposal + 1)
        assert (stages.get("validation", 0), stages.get("total", 0)) == (2 * validated, validated)
        assert rows(outcome.path)["score"].dtype == float


@pytest.mark.parametrize("order", ["global_op_iter", "global_edge_once"])
def test_rankings_count_as_evaluations(order, tmp_path):
    settings = ["proxy=params", "searcher.proposals=1", f"searcher.order={order}"]
    (outcome,) = execute(config(tmp_path, *settings, task="search"))
    ranked = sum(3 * still_open for still_open in range(1, 9))
    expected = {"global_op_iter": ranked, "global_edge_once": 3 * 8 + 8 * 3}
    assert read(outcome.path)["statistics"]["evaluations"] == expected[order]


MASKED = {
    "paper": {"nb201": "drop", "nbmacro": "drop", "nb1shot1_1": "drop"},
    "as_released": {"nb201": "zeros", "nbmacro": "undiscretised", "nb1shot1_1": "weightless"},
}


@pytest.mark.parametrize("space", ["nb201", "nbmacro", "nb1shot1_1"])
def test_the_default_masking_is_the_variants(space, tmp_path):
    for variant, expected in MASKED.items():
        made = config(tmp_path, f"variant={variant}", task="search", space=space)
        assert prepare(made).masking == expected[space]
        assert prepare(replace(made, masking="zeros")).masking == "zeros"


def identities(root, *settings: str, task: str) -> dict[str, tuple[str, dict]]:
    """By override the identity and settings of a run of ``task``."""
    small = ["searcher.proposals=1"] if "searcher=zero_cost" in " ".join(settings) else []
    found = {}
    for override in ("variant=paper", "masking=drop", "variant=as_released", "masking=undiscretised"):
        (outcome,) = execute(config(root, *settings, *small, override, task=task))
        content = read(outcome.path)
        found[override] = (content["identity"], content["settings"])
    return found


def test_variant_and_masking_name_a_search_by_zero_cost_pt(tmp_path):
    found = identities(tmp_path, "proxy=params", "searcher=zero_cost_pt", task="search")
    assert found["masking=drop"] == found["variant=paper"]
    assert len({identity for identity, _ in found.values()}) == 3
    named = {key: (settings["variant"], settings["masking"]) for key, (_, settings) in found.items()}
    assert named == {
        "variant=paper": ("paper", "drop"),
        "masking=drop": ("paper", "drop"),
        "variant=as_released": ("as_released", "undiscretised"),
        "masking=undiscretised": ("paper", "undiscretised"),
    }
    assert found["variant=paper"][1]["order"] == "random"


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("search", ["proxy=params", "searcher=zero_cost_disc"]),
        ("op_correlation", ["proxy=params", "scorer=zero_cost_pt", "task.progressive=false"]),
    ],
)
def test_elsewhere_the_masking_alone_names_a_run_that_measures_supernets(task, settings, tmp_path):
    found = identities(tmp_path, *settings, task=task)
    assert found["masking=drop"] == found["variant=paper"]
    assert found["variant=as_released"] == found["masking=undiscretised"] != found["variant=paper"]
    assert all("variant" not in told for _, told in found.values())


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("arch_correlation", ["proxy=params", "task.population=3"]),
        ("op_correlation", ["scorer=avg_acc", "task.progressive=false"]),
        ("search", ["searcher=largest"]),
    ],
)
def test_runs_without_a_supernet_have_neither(task, settings, tmp_path):
    found = identities(tmp_path, *settings, task=task)
    assert len({identity for identity, _ in found.values()}) == 1
    assert all(not {"variant", "masking"} & set(told) for _, told in found.values())


def test_spaces_without_released_code_refuse_the_variant(tmp_path, monkeypatch):
    made = config(tmp_path / "results", "variant=as_released")
    monkeypatch.delitem(_released.FAMILIES, "nbmacro")
    with pytest.raises(ConfigError, match="variant=as_released needs a space .* of the family nbmacro: use"):
        execute(made)
    assert not (tmp_path / "results").exists()


def test_search_and_supernets_follow_released_code_for_the_same_families():
    released = [
        spaces.load(name) for name in spaces.names() if spaces.load(name).family in _released.FAMILIES
    ]
    assert {space.family for space in released} == set(_released.FAMILIES)
    assert all(networks.released_masking(space) in networks.MASKINGS for space in released)


@pytest.mark.parametrize(
    "task", ["op_correlation", pytest.param("search", marks=pytest.mark.slow), "arch_correlation"]
)
def test_the_fast_path_is_a_run_of_its_own_and_the_reference_is_the_exact_one(task, tmp_path):
    settings = ["proxy=nwot_eval", "batch_size=16", "task.progressive=false"] * (task == "op_correlation")
    settings = settings or ["proxy=nwot_eval", "batch_size=16"]
    settings += ["searcher.proposals=2", "searcher.validation_batches=1"] * (task == "search")
    settings += ["task.population=5"] * (task == "arch_correlation")
    outcomes = {}
    for path in ("reference", "exact", "fast"):
        (outcomes[path],) = execute(config(tmp_path, *settings, f"path={path}", task=task, space="nb201"))
    assert [outcomes[path].status for path in outcomes] == ["done", "skipped", "done"]
    exact, fast = rows(outcomes["exact"].path), rows(outcomes["fast"].path)
    np.testing.assert_allclose(fast["score"], exact["score"], rtol=1e-4, atol=1e-6)
    forced = config(tmp_path / "forced", *settings, "path=exact", task=task, space="nb201")
    pd.testing.assert_frame_equal(rows(execute(forced)[0].path), exact)


def test_an_unknown_path_is_told(tmp_path):
    with pytest.raises(UnknownNameError, match="reference"):
        config(tmp_path, "path=fsat")


def test_the_masking_changes_scores(tmp_path):
    scores = {}
    for masking in networks.MASKINGS:
        settings = ["proxy=nwot_eval", "batch_size=8", "task.progressive=false", f"masking={masking}"]
        (outcome,) = execute(config(tmp_path, *settings, task="op_correlation"))
        scores[masking] = tuple(rows(outcome.path)["score"])
    assert len(set(scores.values())) == 3
    assert scores["undiscretised"] == scores["zeros"], "nothing is decided in the initial supernet"


@pytest.mark.parametrize("task", ["arch_correlation", "op_correlation", "search"])
def test_the_same_config_gives_the_same_bytes(task, tmp_path):
    settings = ["proxy=nwot_eval", *(["task.population=5"] if task == "arch_correlation" else [])]
    settings += ["task.progressive=false"] if task == "op_correlation" else []
    settings += ["searcher.proposals=2", "searcher.validation_batches=1"] if task == "search" else []
    (first,) = execute(config(tmp_path / "a", *settings, task=task))
    (second,) = execute(config(tmp_path / "b", *settings, task=task))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert rows(first.path).equals(rows(second.path))
    (other,) = execute(config(tmp_path / "a", *settings, "seed=1", task=task))
    assert not rows(other.path).equals(rows(first.path))


def test_what_does_not_measure_does_not_depend_on_the_networks(tmp_path):
    (small,) = execute(config(tmp_path, "searcher=largest", task="search"))
    (again,) = execute(config(tmp_path, "searcher=largest", "fidelity=small", "batch_size=8", task="search"))
    assert (small.status, again.status) == ("done", "skipped")


def test_a_failure_leaves_a_failed_record_and_does_not_block(tmp_path, monkeypatch):
    made = config(tmp_path, "proxy=params", "task.population=3")
    with monkeypatch.context() as patch:
        patch.setattr(_team, "batches", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            execute(made)
    (failed,) = records.Store(tmp_path).records()
    assert (failed.status, failed.reason) == ("failed", "ZeroDivisionError: division by zero")
    (outcome,) = execute(made)
    assert outcome.status == "done"


def test_bad_settings_are_found_before_anything_is_written(tmp_path):
    root = tmp_path / "results"
    made = config(root, "proxy=params")
    with pytest.raises(UnknownNameError, match="Unknown label of nbmacro"):
        execute(replace(made, label="nope"))
    with pytest.raises(HarnessError):
        execute(replace(made, input={"name": "cifar10", "folder": str(tmp_path / "nothing")}))
    assert not root.exists()
