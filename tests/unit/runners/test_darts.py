"""Runs on DARTS's spaces: proxies of networks, Zero-Cost-PT on the supernet, all three paths."""

from __future__ import annotations

import types
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, records, registry, spaces
from harness.cli._compose import composing, run_config
from harness.runners import execute
from harness.spaces import Population

LABEL = benchmarks.Label(
    "cifar10_test_1", "cifar10", "test", 1, "one run", ("accuracy",), "here", default=True
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run on a space of which six drawn genotypes are known."""

    def run(name, *asked):
        space = spaces.load(name)
        archs = Population(space).sample_distinct(6, np.random.default_rng(0))
        known = benchmarks.of_values(
            space, [LABEL], archs, {"accuracy": np.arange(6.0) + 90}, {"cifar10": benchmarks.Dataset(10, 32)}
        )
        point = types.SimpleNamespace(
            name=name,
            value="theirs",
            load=lambda: types.SimpleNamespace(open=lambda: known, __name__="theirs"),
        )
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.benchmarks"))
        benchmarks._opened.cache_clear()
        with composing():
            made = run_config(["fidelity=tiny", "batch_size=4", f"results={tmp_path}", *asked])
        (outcome,) = execute(replace(made, space={"name": name}, label=LABEL.name))
        return records.read_record(outcome.path).rows

    yield run
    benchmarks._opened.cache_clear()


def proposed(rows):
    """The last genotype that is written down."""
    return [text for text in rows["arch"] if isinstance(text, str) and text][-1]


@pytest.mark.parametrize("name", ["darts_s2", "darts_s4"])
@pytest.mark.parametrize("proxy", ["params", "flops", "nwot", "synflow"])
def test_proxies_rank_the_genotypes_that_are_known(run, name, proxy):
    rows = run(name, "task=arch_correlation", f"proxy={proxy}", "task.population=all")
    assert list(rows["status"]) == ["ok"] * 6


@pytest.mark.parametrize("name", ["darts_s2", "darts_s4"])
def test_zero_cost_pt_searches_the_supernet(run, name):
    rows = run(
        name, "task=search", "searcher=zero_cost_pt", "searcher.proposals=1", "searcher.validation_batches=1"
    )
    found = proposed(rows)
    assert spaces.load(name).format(spaces.load(name).parse(found)) == found


def test_all_paths_find_the_same_genotype(run):
    search = ["task=search", "searcher=zero_cost_pt", "searcher.proposals=1", "searcher.validation_batches=1"]
    found = {
        proposed(run("darts_s2", *search, f"path={path}", "proxy=nwot_eval"))
        for path in ("reference", "exact", "fast")
    }
    assert len(found) == 1


def test_zero_cost_pt_scores_every_candidate(run):
    rows = run("darts_s2", "task=op_correlation", "scorer=zero_cost_pt", "task.progressive=false")
    assert set(rows["status"]) <= {"ok", "unknown"}
