"""Limits of every searcher: what is asked for keeps them, what is the best within them, and who refuses."""

from __future__ import annotations

import types

import numpy as np
import pytest

from harness import benchmarks, networks, records, reports, searchers, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, HarnessError, RunFailed
from harness.evidence import Method, require_limits
from harness.evidence._limits import keeps_limits
from harness.runners import execute
from harness.searchers import Found, random_search

NB201 = ("task=search", "space=nb201", "fidelity=tiny", "batch_size=4", "proxy=params")
LATENCY = "cifar10_latency_edgegpu"
LIMITS = (f"limits.{LATENCY}=4", "limits.flops_millions=60")
QUERYING = ("random_search", "local_search", "regularized_evolution", "reinforce")


@pytest.fixture
def config(tmp_path):
    def config(*asked):
        with composing():
            return run_config([*NB201, f"results={tmp_path / 'results'}", *asked])

    return config


@pytest.fixture
def run(config):
    def run(*asked):
        (outcome,) = execute(config(*asked))
        return records.read_record(outcome.path)

    return run


@pytest.fixture(scope="module")
def within():
    """Which architectures of NAS-Bench-201 keep the limits, their accuracies, and its table."""
    table = benchmarks.load("nb201")
    flops = np.array([networks.trained_cost(table.space, arch)[1] for arch in table.architectures])
    mask = (table.values(table.keys, LATENCY) <= 4) & (flops <= 60e6)
    return mask, table.values(table.keys, "cifar10_test_200"), table


def of(table, texts):
    keys = [table.space.key(table.space.parse(text)) for text in texts]
    return np.isin(table.keys, keys)


@pytest.mark.parametrize("name", QUERYING)
def test_what_is_asked_for_is_within_the_limits(run, within, name):
    mask, accuracies, table = within
    found = run(f"searcher={name}", "searcher.queries=30", *LIMITS)
    statistics = found.statistics
    assert len(found.rows) == statistics["table_queries"] == 30
    assert mask[of(table, found.rows["arch"])].all()
    assert statistics["outside_limits"] > 0
    assert statistics["size"] == mask.sum() < len(mask)
    assert statistics["best_accuracy"] == accuracies[mask].max() < accuracies.max()
    assert statistics["rank"] == 1 + (accuracies[mask] > statistics["accuracy"] + 1e-9).sum()
    assert statistics["best_within"] == f"{LATENCY} at most 4 and flops_millions at most 60"
    assert statistics[LATENCY] <= 4
    assert found.run.settings["limits_truth"] == {LATENCY: {"digest": table.digest(LATENCY)}}
    assert f"within {LATENCY} at most 4" in found.headline


def test_the_largest_is_the_largest_within_the_limits(run, within):
    mask, _, table = within
    found = run("searcher=largest", *LIMITS)
    sizes = np.array([networks.parameter_count(table.space, arch) for arch in table.architectures])
    (chosen,) = np.flatnonzero(of(table, [found.statistics["arch"]]))
    assert mask[chosen]
    assert sizes[chosen] == sizes[mask].max()


def test_a_two_stage_search_is_handed_limits(run):
    few = ("proxy=nwot_eval", "searcher.proposals=1", "searcher.validation_batches=1")
    with pytest.raises(
        RunFailed, match="None of the 1 distinct proposals is within flops_millions at most 8"
    ):
        run("searcher=zero_cost_pt", *few, "limits.flops_millions=8", "space=nbmacro")


def test_without_limits_nothing_is_said_of_them(run):
    found = run("searcher=random_search", "searcher.queries=5")
    assert not {"outside_limits", "best_within", "flops_millions"} & set(found.statistics)
    assert "limits" not in found.run.settings


def test_every_searcher_keeps_limits_or_says_that_it_does_not():
    with composing():
        asked = run_config([*NB201, "searcher=random_search", *LIMITS])
    methods = {name: Method("searcher", name, searchers.load(name)) for name in searchers.names()}
    refusing = {name for name, method in methods.items() if not keeps_limits(method, spaces.load("nb201"))}
    assert refusing >= {"darts", "darts_pt", "te_nas"}
    assert methods.keys() - refusing >= {
        *QUERYING,
        "zero_cost_pt",
        "zero_cost_disc",
        "largest",
        "random_by_proxy",
    }
    for name, method in methods.items():
        if name in refusing:
            words = rf"Limits are kept by .*; received limits\.{LATENCY} with .*={name}: take one of these"
            with pytest.raises(ConfigError, match=words):
                require_limits(asked, method)
        else:
            require_limits(asked, method)


def test_a_shrinker_keeps_limits_where_children_are_architectures():
    asked = ["task=shrink", "shrinker=abs", "input=digits", "limits.flops_millions=600"]
    words = r"Limits are kept by .*; received limits\.flops_millions with .*=abs: take one of these"
    with composing():
        assert run_config([*asked, "space=nb201"]).limits == {"flops_millions": 600}
        with pytest.raises(ConfigError, match=words):
            run_config([*asked, "space=darts"])


def test_a_limit_that_one_architecture_of_the_list_satisfies_is_found(run, within):
    _, accuracies, table = within
    latencies = table.values(table.keys, LATENCY)
    found = run("searcher=random_search", f"limits.{LATENCY}={latencies.min()}")
    assert found.statistics["accuracy"] == accuracies[latencies.argmin()]
    assert found.statistics["size"] == (latencies == latencies.min()).sum()


def test_a_searcher_that_looks_at_no_limit_fails(run, monkeypatch, within):
    mask, _, table = within
    outside = table.architectures[int(np.flatnonzero(~mask)[0])]
    monkeypatch.setattr(random_search, "search", lambda tools, settings: Found(outside))
    with pytest.raises(RunFailed, match="searcher=random_search found .*: it does not keep limits"):
        run("searcher=random_search", *LIMITS)


BAD = [
    ((f"limits.{LATENCY}=0.001",), f"within limits.{LATENCY}=0.001; the lowest met have {LATENCY} 0.5014 ms"),
    ((f"limits.{LATENCY}=4000",), "which looks like another unit: give it in ms."),
    (("space=nbmacro", f"limits.{LATENCY}=4"), f"Unknown limit of nbmacro '{LATENCY}'"),
    (("limits.cifar100_test_200=70",), "Unknown limit of nb201 'cifar100_test_200'"),
    ((f"limits.{LATENCY}=4", f"label={LATENCY}"), f"Unknown limit of nb201 '{LATENCY}'"),
]


@pytest.mark.parametrize(("asked", "words"), BAD, ids=[each[0][-1] for each in BAD])
def test_bad_limits_are_answered_in_a_sentence(config, tmp_path, asked, words):
    with pytest.raises(HarnessError) as caught:
        execute(config("searcher=random_search", *asked))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*.json"))


def test_a_report_names_the_optimum_within_the_limits(run, tmp_path, within):
    mask, accuracies, _ = within
    for limits in ((), LIMITS):
        run("searcher=random_search", "searcher.queries=20", *limits)
    reports.build(tmp_path / "results", tmp_path / "report", formats=())
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    named = f"best of the space within {LATENCY} at most 4 and flops_millions at most 60"
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {named}")]
    assert f"{accuracies[mask].max():.2f}" in row
    (free,) = [line for line in text.splitlines() if line.startswith("| best of the space (")]
    assert f"{accuracies.max():.2f}" in free


def test_costs_that_are_looked_up_one_by_one_are_those_of_all():
    """The mask of all architectures and the limits of a search say the same."""
    from harness.evidence import Bounded

    with composing():
        asked = run_config([*NB201, "searcher=random_search", *LIMITS, "limits.params_millions=0.4"])
    table = benchmarks.load("nb201")
    context = types.SimpleNamespace(config=asked, space=table.space, label=table.label("cifar10_test_200"))
    bounded = Bounded(context)
    mask = bounded.mask(table)
    for place in range(0, len(mask), 997):
        assert bounded.limits.within(table.architectures[place]) == mask[place]
