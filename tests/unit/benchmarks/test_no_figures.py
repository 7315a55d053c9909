"""A space that nobody has trained an architecture of."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, records, reports, spaces
from harness.benchmarks import Dataset
from harness.cli._compose import composing, run_config
from harness.cli.bench import plan
from harness.errors import ConfigError, DataError, UnknownNameError
from harness.reports.sections import label_words
from harness.runners import execute

UNKNOWN = sorted(set(spaces.names()) - set(benchmarks.names()))


@pytest.mark.parametrize("name", UNKNOWN)
def test_every_accuracy_is_unknown(name):
    known, space = benchmarks.load(name), spaces.load(name)
    archs = [space.sample(np.random.default_rng(seed)) for seed in range(3)]
    assert np.isnan(known.values(archs, "none")).all()
    assert (known.architectures, known.complete, known.default_label.name) == (None, False, "none")
    assert benchmarks.default_label(name) == "none"
    images = "imagenet" if name == "mobilenet" else "cifar10"
    assert label_words(name, "none") == f"{images}, no accuracy is known"
    assert known.dataset("none") == Dataset(space.made_for.classes, space.made_for.pixels)
    with pytest.raises(UnknownNameError, match=f"label of {name} 'x'. Allowed: none"):
        known.values(archs, "x")
    with pytest.raises(ConfigError):
        known.values(["|x~0|"], "none")


def test_there_is_none_of_what_is_no_space():
    with pytest.raises(UnknownNameError):
        benchmarks.load("no_space")


@pytest.fixture
def run(tmp_path):
    def run(*asked):
        with composing():
            made = run_config([f"space={UNKNOWN[0]}", *asked, f"results={tmp_path}"])
        (outcome,) = execute(made)
        return records.read_record(outcome.path)

    return run


@pytest.mark.parametrize(
    "asked",
    [
        ["task=arch_correlation"],
        ["task=op_correlation"],
        ["task=shrink"],
        ["task=search", "searcher=random_search"],
    ],
    ids=lambda asked: asked[-1],
)
def test_what_compares_with_accuracies_or_asks_for_them_is_refused(run, asked):
    with pytest.raises(DataError, match=f"Space '{UNKNOWN[0]}' has no table.* or task=search with a"):
        run(*asked)


def test_a_search_ends_with_an_architecture_of_unknown_accuracy(run, tmp_path, capfd):
    searched = ["task=search", "fidelity=tiny", "batch_size=4", "proxy=params"]
    found = run(*searched, "searcher=random_by_proxy", "searcher.evaluations=3")
    told = f"No accuracy is known of {UNKNOWN[0]}: that of what is found will be unknown."
    assert capfd.readouterr().err.count(told) == 1
    statistics = found.statistics
    space = spaces.load(UNKNOWN[0])
    assert space.format(space.parse(statistics["arch"])) == statistics["arch"]
    assert (statistics["accuracy"], statistics["rank"], statistics["status"]) == (None, None, "unknown")
    reports.build(tmp_path, tmp_path / "report", (UNKNOWN[0],), formats=())
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "Left out, since the label has no figure for what was found: random_by_proxy-params" in text


def test_a_preset_on_a_space_without_figures_has_its_searches():
    made = plan(("darts_s2",), "quick", "", [])
    assert {config.task["name"] for config in made} == {"search"}
    assert {"zero_cost_pt", "random_by_proxy"} <= {config.searcher["name"] for config in made}
    assert "largest" not in {config.searcher["name"] for config in made}
    with pytest.raises(ConfigError, match="The preset published has no runs for darts_s2"):
        plan(("darts_s2",), "published", "", [])
