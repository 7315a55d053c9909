"""Average ranks over blocks against ranks and Friedman's test by SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, rankdata

from harness import tasks
from harness.reports.analysis.groups import collect
from harness.reports.tables import overall


def standings(results):
    return {each.task: each for each in overall.standings(collect(results.root))}


def titles(standing):
    return tuple(method.title for method in standing.methods)


def searches(results, accuracies, space="toy", first=0, **settings):
    """One search per method and seed."""
    for method, values in accuracies.items():
        for seed, value in enumerate(values, first):
            results.search(method, seed, value, space=space, **settings)


def test_ranks_test_and_places_of_searchers(results):
    accuracies = {"three": [93.1, 92.0, 94.0], "two": [92.5, 91.0, 93.5], "one": [92.6, 90.0, 93.4]}
    searches(results, accuracies)
    other = {"three": [92.0, 90.0], "two": [90.5, 89.0], "one": [90.6, 89.5]}
    searches(results, other, space="other")
    found = standings(results)["search"]
    values = np.array([accuracies[name] + other[name] for name in accuracies]).T
    ranks = dict(zip(accuracies, rankdata(-values, axis=1).mean(0), strict=True))
    assert titles(found) == tuple(sorted(ranks, key=ranks.get)) == ("three", "one", "two")
    assert found.ranks.ranks == pytest.approx(sorted(ranks.values()))
    oracle = friedmanchisquare(*values.T)
    assert (found.ranks.statistic, found.ranks.p) == pytest.approx((oracle.statistic, oracle.pvalue))
    assert found.places == (
        ("other", "accuracy", 0),
        ("other", "accuracy", 1),
        ("toy", "accuracy", 0),
        ("toy", "accuracy", 1),
        ("toy", "accuracy", 2),
    )
    assert (found.ranks.blocks, found.ranks.dropped, found.left_out) == (5, 0, {})


def test_pairs_need_friedmans_test_and_the_critical_difference(results):
    rng = np.random.default_rng(0)
    searches(results, {"best": 94 + rng.normal(0, 0.01, 10), "good": 93 + rng.normal(0, 0.01, 10)})
    searches(results, {"bad": 91 + rng.normal(0, 0.01, 10), "noisy": 91 + rng.normal(0, 0.01, 10)})
    found = standings(results)["search"]
    names = titles(found)
    assert names[:2] == ("best", "good")
    difference = found.ranks.critical_difference
    gaps = {
        (names[i], names[j]): found.ranks.ranks[j] - found.ranks.ranks[i]
        for i in range(4)
        for j in range(i + 1, 4)
    }
    assert {(names[i], names[j]) for i, j in found.apart} == {
        pair for pair, gap in gaps.items() if gap > difference
    }
    assert 0 < len(found.apart) < 6
    rows = {row.cells[0].text: row.cells[2].text for row in overall.table(found).rows}
    assert set(rows["best"].split(", ")) == {
        worse for (better, worse), gap in gaps.items() if better == "best" and gap > difference
    }
    assert rows[names[-1]] == "–"
    assert f"{len(found.apart)} of 6 pairs differ by more." in " ".join(overall.table(found).caption)


def test_no_pairs_where_the_methods_cannot_be_told_apart(results):
    searches(results, {"one": [93.0, 92.0], "two": [92.0, 93.0], "three": [91.0, 91.0]})
    found = standings(results)["search"]
    assert found.ranks.p > overall.LEVEL
    assert found.apart == ()
    words = " ".join(overall.table(found).caption)
    assert "the methods cannot be told apart" in words
    assert all(row.cells[2].text == "–" for row in overall.table(found).rows)


def test_pairs_beyond_the_critical_difference_still_need_the_test(results):
    """Nemenyi alone can tell a pair apart where Friedman's test over many like methods does not."""
    searches(results, {"one": [94.0, 93.0], "two": [92.0, 93.0]})
    found = standings(results)["search"]
    ranks = found.ranks.__class__((1.0, 2.0), 2, 0, 1.0, 0.9, 0.5, (), None)
    assert overall.Standing(**{**vars(found), "ranks": ranks}).apart == ()
    ranks = found.ranks.__class__((1.0, 2.0), 2, 0, 9.0, 0.04, 0.5, (), None)
    assert overall.Standing(**{**vars(found), "ranks": ranks}).apart == ((0, 1),)
    ranks = found.ranks.__class__((1.0, 2.0), 2, 0, 9.0, 0.04, 1.0, (), None)
    assert overall.Standing(**{**vars(found), "ranks": ranks}).apart == ()


def test_proxies_stand_beside_baselines_by_tau_with_failures_last(results):
    for space, population in (("toy", 0), ("other", 1)):
        for seed in range(3):
            results.arch("nwot", seed, failures=6, space=space, population=population)
            results.arch("snip", seed, noise=4.0, space=space, population=population)
    found = standings(results)["arch_correlation"]
    values = {}
    for record in results.store.records():
        block = values.setdefault((record.run.space, record.run.seed), {})
        named = {record.run.method: "score", "parameters": "params", "FLOPs": "flops"}
        for name, column in {**named, "non-identity operations": "operations"}.items():
            block[name] = record.statistics[column]["kendall_failures_last"]
    blocks, _ = overall.blocks_of(tasks.load("arch_correlation"), collect(results.root))
    for (space, _, seed, _), row in blocks.items():
        assert {method.title: tau for method, tau in row.items()} == values[space, seed]
    frame = pd.DataFrame(values).T
    oracle = (-frame).rank(axis=1).mean()
    assert dict(zip(titles(found), found.ranks.ranks, strict=True)) == pytest.approx(oracle.to_dict())
    kinds = {method.title: method.kind for method in found.methods}
    assert (kinds["FLOPs"], kinds["nwot"]) == ("baseline", "method")
    assert [row.kind for row in overall.table(found).rows] == list(kinds.values())
    assert "Baselines stand for the proxies of their name." in overall.table(found).caption


def test_a_proxy_that_is_a_baseline_stands_once(results):
    for seed in (0, 1):
        results.arch("params", seed)
        results.arch("nwot", seed)
    found = standings(results)["arch_correlation"]
    assert sorted(titles(found)) == ["FLOPs", "non-identity operations", "nwot", "parameters"]


def test_other_architectures_are_another_block(results):
    for seed in (0, 1):
        results.arch("nwot", seed, population=0)
        results.arch("snip", seed, population=1)
    found = standings(results)["arch_correlation"]
    assert {method.title: count for method, count in found.left_out.items()} == {"nwot": 2, "snip": 2}
    assert found.ranks.blocks == 4


def test_scorers_by_the_first_step(results):
    for seed in range(3):
        results.op("zero_cost_pt-nwot", seed)
        results.op("darts", seed, proxy="none")
    found = standings(results)["op_correlation"]
    assert found.ranks.ranks == (1.5, 1.5)  # the same rows, the same scores
    assert found.apart == ()
    assert "No test: all methods are tied in every block." in overall.table(found).caption


def test_a_scorer_has_its_tau_with_best_accuracy_of_the_initial_supernet(results):
    for seed in range(3):
        results.op("one", seed, steps=1 + seed % 2)
    values, known = overall.blocks_of(tasks.load("op_correlation"), collect(results.root))
    taus = [record.statistics["steps"][0]["best_acc"]["kendall"] for record in results.store.records()]
    assert [list(row.values()) for row in values.values()] == [[tau] for tau in taus]
    assert [method.title for method in known] == ["one"]


def test_incomplete_blocks_are_dropped_and_rare_methods_left_out(results):
    searches(results, {"one": [93.0, 92.0, 94.0, 91.0], "two": [92.0, 93.0, 93.0], "rare": [95.0]})
    results.fail("broken", 0, task="search")
    found = standings(results)["search"]
    assert set(titles(found)) == {"one", "two"}
    assert (found.ranks.blocks, found.ranks.dropped) == (3, 1)
    assert {method.title: count for method, count in found.left_out.items()} == {"broken": 0, "rare": 1}
    words = " ".join(overall.table(found).caption)
    assert "1 block dropped" in words
    assert "broken (0 blocks), rare (1 block)" in words


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"a", "b"}, {"a", "b"}], ["a", "b"]),
        ([{"a", "b"}], []),
        ([{"a"}, {"a"}], []),
        ([{"a", "b", "c"}, {"a", "b", "c"}, {"a", "b"}], ["a", "b", "c"]),  # 6 numbers, and as many without c
        ([{"a", "b", "c"}, {"a", "b", "c"}, {"a", "b"}, {"a", "b"}], ["a", "b"]),
        ([{"a", "b"}, {"a", "c"}, {"b", "c"}], []),
        ([], []),
    ],
)
def test_the_methods_that_keep_most_numbers(rows, expected):
    values = {("s", "l", seed, ""): dict.fromkeys(row, 1.0) for seed, row in enumerate(rows)}
    if expected == ["a", "b", "c"]:
        expected = ["a", "b"]  # of equally many numbers, those over more blocks
    assert overall.common_methods(values) == expected


def test_settings_out_of_the_usual_are_part_of_the_name(results):
    for seed in (0, 1):
        for size in (64, 128):
            results.search("one", seed, 93.0 + size / 100, batch_size=size)
        results.search("two", seed, 92.0, batch_size=64)
    found = standings(results)["search"]
    assert set(titles(found)) == {"one, batch_size=64", "one, batch_size=128", "two"}
    row = overall.table(found).rows[0]
    assert (row.cells[0].text, row.cells[0].note) == ("one", "batch_size=128")
    assert overall.Method("two") in found.methods


def test_one_block_or_one_method_has_no_standing(results):
    searches(results, {"one": [93.0], "two": [92.0]})
    assert standings(results) == {}
    results.arch("nwot", 0)
    assert standings(results) == {}


def test_seeds_are_in_order_of_their_numbers(results):
    for seed in (2, 10):
        results.search("one", seed, 93.0)
        results.search("two", seed, 92.0)
    assert [seed for *_, seed in standings(results)["search"].places] == [2, 10]
