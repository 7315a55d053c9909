"""Runs of searches by a proxy: limits, what is kept of one that was killed, and whose scores they are."""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness import benchmarks, networks, proxies, records, registry, reports, spaces
from harness.benchmarks import Dataset, Label
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, HarnessError
from harness.evidence import _shared_scores
from harness.runners import execute
from harness.runs import measured as measuring
from harness.runs.setup import prepare
from tests.unit.runners.shards.conftest import content

LABEL = Label("cifar10_test_1", "cifar10", "test", 1, "one run", ("accuracy",), "made up", default=True)
SLOW = replace(LABEL, name="latency", metric="latency", unit="ms", higher_is_better=False, columns=("ms",))
SEARCHERS = ("random_by_proxy", "evolution_by_proxy", "local_search_by_proxy")
QUICK = (("evolution_by_proxy", "az_nas"), ("random_by_proxy", "params"))
SMALL = ("task=search", "space=nbmacro", "fidelity=tiny", "batch_size=4", "searcher.evaluations=9")


@pytest.fixture
def config(tmp_path):
    def config(*asked):
        with composing():
            return run_config([*SMALL, f"results={tmp_path / 'results'}", *asked])

    return config


@pytest.fixture
def run(config):
    def run(*asked):
        (outcome,) = execute(config(*asked))
        return records.read_record(outcome.path)

    return run


@pytest.fixture
def measured(monkeypatch):
    """How many networks this process has measured."""
    calls = []

    def counting(module, batch, names, *rest):
        calls.append(tuple(names))
        return proxies.measure(module, batch, names, *rest)

    monkeypatch.setattr(measuring, "measure", counting)
    return calls


def test_a_network_has_the_score_that_it_has_in_a_population(config):
    """That of ``arch_correlation`` with the same seed: its weights, its batch."""
    asked = config("searcher=random_by_proxy", "proxy=nwot", "seed=3")
    (outcome,) = execute(asked)
    rows, setup = records.read_record(outcome.path).rows, prepare(asked)
    assert len(rows) == 9
    batches = measuring.batches(setup, "batch", 0, ["nwot"])
    for text, score in zip(rows["arch"], rows["score"], strict=True):
        module = measuring.network(setup, setup.space.parse(text))
        assert proxies.measure(module, batches, ["nwot"], *setup.measuring)["nwot"].value == score


@pytest.mark.parametrize("name", SEARCHERS)
def test_what_was_found_is_within_the_limits(run, name):
    limits = ("limits.flops_millions=60", "limits.params_millions=1.2")
    found = run(f"searcher={name}", "proxy=params", *limits)
    costs = [
        [each / 1e6 for each in networks.trained_cost(*parsed(found.run.space, arch))]
        for arch in found.rows["arch"]
    ]
    assert np.max(costs, axis=0)[0] <= 1.2
    assert np.max(costs, axis=0)[1] <= 60
    statistics = found.statistics
    assert statistics["evaluations"] == statistics["networks"] == len(found.rows) == 9
    assert statistics["outside_limits"] > 0
    assert [statistics["params_millions"], statistics["flops_millions"]] in costs
    assert found.run.settings["limits"] == {"flops_millions": 60.0, "params_millions": 1.2}


def parsed(space, text):
    return spaces.load(space), spaces.load(space).parse(text)


def test_counts_are_those_of_the_network_that_is_trained():
    """DARTS_V2 of 36 channels and 20 cells, and as ImageNet's network; elsewhere the benchmark's."""
    space = spaces.load("darts")
    normal = (
        "|sep_conv_3x3~0|sep_conv_3x3~1|+|sep_conv_3x3~0|sep_conv_3x3~1|+|skip_connect~0|sep_conv_3x3~1|+"
        "|skip_connect~0|dil_conv_3x3~2|"
    )
    reduce = (
        "|max_pool_3x3~0|max_pool_3x3~1|+|max_pool_3x3~1|skip_connect~2|+|max_pool_3x3~0|skip_connect~2|+"
        "|max_pool_3x3~1|skip_connect~2|"
    )
    arch = space.parse(f"{normal}/{reduce}")
    assert networks.trained_cost(space, arch) == (3_349_342, 528_359_040)
    assert networks.trained_cost(space, arch, 1000, 224) == (4_718_752, 529_911_552)
    space, arch = parsed("nb201", "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
    assert networks.trained_cost(space, arch) == (
        networks.parameter_count(space, arch),
        networks.flop_count(space, arch),
    )


KILLED = [
    pytest.param(name, proxy, marks=[] if (name, proxy) in QUICK else pytest.mark.slow)
    for name in SEARCHERS
    for proxy in ("params", "az_nas")
]


@pytest.mark.parametrize(("name", "proxy"), KILLED)
def test_a_killed_search_goes_on_with_its_scores(config, measured, monkeypatch, tmp_path, name, proxy):
    monkeypatch.setattr(_shared_scores, "SIZE", 2)
    asked = config(f"searcher={name}", f"proxy={proxy}")
    execute(asked)
    expected, whole = content(asked.results), len(measured)
    again = replace(asked, results=str(tmp_path / "again"))

    def stop(words, done, total):
        if (words, done) == ("networks", 5):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(again, stop)
    kept = sorted(Path(again.results).glob("shards/*/*/*.json"))
    assert kept
    before = len(measured)
    execute(again)
    assert 0 < len(measured) - before < whole
    assert content(again.results) == expected
    assert not list(Path(again.results).glob("shards/*"))


def test_force_begins_afresh(config, measured):
    asked = config("searcher=random_by_proxy", "proxy=params")

    def stop(words, done, total):
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(asked, stop)
    del measured[:]
    execute(replace(asked, force=True))
    assert len(measured) == 9


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHERS)
def test_workers_change_no_byte(config, measured, monkeypatch, tmp_path, name):
    asked = config(f"searcher={name}", "proxy=nwot", "searcher.evaluations=40")
    execute(asked)
    spread = replace(asked, results=str(tmp_path / "spread"), workers=2)
    del measured[:]
    execute(spread)
    assert len(measured) < 40
    assert content(spread.results) == content(asked.results)


def test_a_label_of_which_less_is_better_is_a_limit(run, monkeypatch, tmp_path):
    """Whose figures are part of the identity; an architecture without a figure is not within it."""
    space = spaces.load("nb1shot1_1")
    archs = space.listing()[:300]

    def known(shift):
        columns = {"accuracy": np.arange(300) / 10, "ms": np.arange(300.0) + shift}
        table = benchmarks.of_values(space, [LABEL, SLOW], archs, columns, {"cifar10": Dataset(10, 32)})
        point = types.SimpleNamespace(
            name="nb1shot1_1",
            value="theirs",
            load=lambda: types.SimpleNamespace(open=lambda: table, __name__="theirs"),
        )
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.benchmarks"))
        monkeypatch.setattr(benchmarks, "tables", lambda *_: ())
        monkeypatch.setattr(benchmarks, "labels", lambda _: table.labels)
        benchmarks._opened.cache_clear()
        return table

    asked = ("space=nb1shot1_1", "searcher=random_by_proxy", "proxy=params", "limits.latency=99")
    table = known(0)
    found = run(*asked, f"label={LABEL.name}")
    figures = table.values(found.rows["arch"].tolist(), SLOW.name)
    assert figures.max() <= 99
    assert found.statistics["latency"] in figures
    known(1)
    other = run(*asked, f"label={LABEL.name}")
    assert found.run.settings["limits"] == other.run.settings["limits"]
    assert found.run.identity != other.run.identity
    with pytest.raises(
        HarnessError, match=r"Unknown limit of nb1shot1_1 'latency'.* params_millions in mill"
    ):
        run(*asked, f"label={SLOW.name}")
    with pytest.raises(ConfigError, match=r"within limits\.latency=0\.5; the lowest met have latency 1 ms:"):
        run(*asked[:-1], "limits.latency=0.5", f"label={LABEL.name}")
    benchmarks._opened.cache_clear()


BAD = [
    (["limits.flops=60"], "Did you mean 'flops_millions'?"),
    (["limits.params=60"], "Units: flops_millions in millions of multiply-adds for one image, params"),
    (["limits.flops_millions=60000000"], "received 60,000,000, which no network has: write 60 for"),
    (["limits.flops_millions=0"], "limits.flops_millions must be a positive number; received 0."),
    (["limits.flops_millions=many"], "limits.flops_millions must be a positive number; received 'many'."),
    (["limits.cifar10_test_50_run1=90"], "Unknown limit of nbmacro 'cifar10_test_50_run1'."),
    (["searcher=te_nas", "limits.flops_millions=60"], "Limits are kept by task=search with searcher="),
    (["proxy=az_nas", "searcher=zero_cost_pt"], "property of a population of networks"),
]


@pytest.mark.parametrize(("asked", "words"), BAD, ids=[" ".join(each) for each, _ in BAD])
def test_bad_settings_are_answered_in_a_sentence(config, asked, words):
    small = ["searcher=random_by_proxy", *asked]
    with composing(), pytest.raises(HarnessError) as caught:
        run_config(["task=search", "space=nbmacro", *small])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_limit_that_nothing_satisfies_leaves_no_record(config, tmp_path):
    asked = config("searcher=random_by_proxy", "proxy=params", "limits.flops_millions=1")
    with pytest.raises(
        ConfigError, match=r"None of 6,561 architectures drawn of nbmacro is within limits\.fl"
    ):
        execute(asked)
    assert not list(tmp_path.rglob("*.json"))


def test_a_report_shows_limits_and_what_was_scored(run, tmp_path):
    for limits in ((), ("limits.flops_millions=60",)):
        found = run("searcher=evolution_by_proxy", "proxy=params", *limits)
    reports.build(tmp_path / "results", tmp_path / "report", formats=())
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    table = text[text.index("Costs of what was found") :].splitlines()
    rows = [[cell.strip() for cell in row.split("|")] for row in table if row.startswith("| evol")]
    free, limited = rows[:2]  # of the first table from there on
    assert free[2] == "–"
    assert limited[2] == "flops_millions ≤ 60"
    assert limited[4] == f"{found.statistics['flops_millions']:.1f}"
    assert (limited[5], limited[6]) == ("9", str(found.statistics["outside_limits"]))
