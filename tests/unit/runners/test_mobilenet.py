"""Runs on the MobileNet-like space, of which no accuracy is known: searches, limits, measured truth."""

from __future__ import annotations

import numpy as np
import pytest

from harness import networks, records, reports, spaces
from harness.cli._compose import composing, run_config
from harness.cli.bench import plan
from harness.errors import ConfigError, DataError
from harness.runners import execute

SPACE = spaces.load("mobilenet")
TINY = ("space=mobilenet", "fidelity=tiny", "batch_size=2")


def record(root, *asked: str) -> records.Record:
    with composing():
        made = run_config([*TINY, *asked, f"results={root}"])
    (outcome,) = execute(made)
    return records.read_record(outcome.path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mobilenet")


@pytest.fixture(scope="module")
def proposed(folder):
    few = ("searcher.proposals=1", "searcher.validation_batches=1")
    return record(folder, "task=search", "searcher=zero_cost_pt", "proxy=nwot_eval", *few)


def test_a_proposal_takes_141_scores_and_the_removal_that_costs_most_decides(proposed):
    rows = proposed.rows[proposed.rows["step"].notna() & (proposed.rows["decision"].notna())]
    assert len(rows) == 6 * 6 + 15 * 7 == 141
    arch = SPACE.parse(proposed.statistics["arch"])
    chosen = {d.name: d.candidates[pick] for d, (pick,) in zip(SPACE.decisions, arch, strict=True)}
    for decision, candidates in rows.groupby("decision"):
        best = candidates["score"].to_numpy().argmax()
        assert candidates["candidate"].iloc[best] == chosen[decision]


def test_what_is_found_has_costs_where_nobody_knows_its_accuracy(proposed, folder, tmp_path):
    statistics = proposed.statistics
    costs = networks.trained_cost(SPACE, SPACE.parse(statistics["arch"]), 1000, 224)
    assert (statistics["params_millions"] * 1e6, statistics["flops_millions"] * 1e6) == pytest.approx(costs)
    assert (statistics["accuracy"], statistics["status"]) == (None, "unknown")
    reports.build(folder, tmp_path, ("mobilenet",), formats=())
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"| {statistics['params_millions']:.3f} | {statistics['flops_millions']:.1f} |" in text


def test_limits_are_of_the_published_network_on_its_images(tmp_path):
    asked = ("task=search", "proxy=params", "searcher.evaluations=12", "limits.flops_millions=600")
    for searcher in ("random_by_proxy", "evolution_by_proxy"):
        found = record(tmp_path, *asked, f"searcher={searcher}")
        archs = [SPACE.parse(text) for text in found.rows["arch"]]
        flops = [networks.trained_cost(SPACE, arch, 1000, 224)[1] for arch in archs]
        assert len(archs) == 12
        assert 400e6 < max(flops) <= 600e6
        assert found.statistics["outside_limits"] > 0


def test_a_limit_that_nothing_satisfies_is_answered_in_a_sentence(tmp_path):
    asked = ("task=search", "searcher=random_by_proxy", "proxy=params", "limits.flops_millions=182")
    words = (
        r"None of 10,000 architectures drawn of mobilenet is within limits\.flops_millions=182; the lowest"
    )
    with pytest.raises(ConfigError, match=words):
        record(tmp_path, *asked)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("asked", ["task=op_correlation", "task=arch_correlation", "task=shrink"])
def test_what_needs_accuracies_is_refused_in_a_sentence(tmp_path, asked):
    with pytest.raises(DataError, match="Space 'mobilenet' has no table .* or task=search with a searcher"):
        record(tmp_path, asked)


def test_truth_is_measured_on_it(tmp_path):
    truth = ("truth=train", "truth.fidelity=tiny", "truth.images=64", "truth.epochs=1", "input=digits")
    found = record(tmp_path, "task=arch_correlation", "task.population=2", "proxy=params", *truth)
    assert len(found.rows) == 2
    assert np.isfinite(found.rows["accuracy"].to_numpy(dtype=float)).all()
    assert found.run.label.startswith("trained_digits_8share_16px_64images_1epochs")


def test_presets_have_searches_at_sizes_that_fit():
    quick = plan(("mobilenet",), "quick", "", [])
    assert {config.task["name"] for config in quick} == {"search"}
    assert {config.fidelity["name"] for config in quick} == {"small"}
    limited = [config for config in quick if config.limits]
    assert {config.searcher["name"] for config in limited} == {"random_by_proxy", "evolution_by_proxy"}
    (published,) = plan(("mobilenet",), "imagenet", "", [])
    told = published.searcher["proposals"], published.searcher["validation_batches"], published.batch_size
    assert (*told, published.fidelity["name"]) == (10, 100, 64, "benchmark")
