"""What is averaged, what is not, and that every number is its rows'."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.errors import ResultsError
from harness.records._json import signed
from harness.reports.analysis.groups import collect


def change_statistics(path, change):
    content = json.loads(path.read_text())
    change(content["statistics"])
    path.write_text(json.dumps(signed(content)))


def test_seeds_are_averaged(results):
    for seed in (2, 0, 1):
        results.arch(seed=seed)
    (group,) = collect(results.root)
    assert group.seeds == [0, 1, 2]
    taus = [record.statistics["score"]["kendall"] for record in results.store.records()]
    assert group.values("score.kendall") == taus
    stat = group.stat("score.kendall")
    assert stat["mean"] == pytest.approx(np.mean(taus))
    assert stat["sd"] == pytest.approx(np.std(taus, ddof=1))


@pytest.mark.parametrize(
    "settings", [{"batch_size": 128}, {"input": {"name": "digits"}}, {"truth": "ef" * 32}, {"population": 10}]
)
def test_nothing_else_is_averaged(results, settings):
    results.arch(seed=0)
    results.arch(seed=1, settings=settings)
    groups = collect(results.root)
    assert [group.seeds for group in groups] == [[0], [1]] or [group.seeds for group in groups] == [[1], [0]]


def test_only_the_newest_generation_counts(results):
    path = results.arch()
    record = next(results.store.records())
    results.store.write(
        record.run, "ok", None, record.rows, dict(record.statistics), {"commit": "newer"}, {}, {}, force=True
    )
    (group,) = collect(results.root)
    assert group.seeds == [0]
    assert group.origins[0]["commit"] == "newer"
    assert path.exists()


def test_a_failure_counts_only_without_a_later_success(results):
    results.fail("nwot", 0)
    results.fail("nwot", 1)
    results.arch("nwot", 0)
    (group,) = collect(results.root)
    assert group.seeds == [0]
    assert group.failed == {1: "out of memory"}


def test_the_points_are_those_of_the_first_seed(results):
    for seed in (1, 0):
        results.arch(seed=seed)
    (group,) = collect(results.root)
    first = next(record for record in results.store.records() if record.run.seed == 0)
    np.testing.assert_array_equal(group.results[0].scores, first.rows["score"])


@pytest.mark.parametrize(
    ("make", "change", "name"),
    [
        ("arch", lambda s: s["score"].update(kendall=0.99), "score.kendall"),
        ("arch", lambda s: s["score"].update(kendall=None), "score.kendall"),
        ("arch", lambda s: s["score"].update(n=59), "score.n"),
        ("arch", lambda s: s["params"].update(spearman=0.5), "params.spearman"),
        ("arch", lambda s: s["score"].update(ties_in_scores=3), "score.ties_in_scores"),
        ("arch", lambda s: s["score"].update(kendall=s["score"]["kendall"] + 1e-6), "score.kendall"),
        ("op", lambda s: s["steps"][1]["avg_acc"].update(kendall=0.99), "steps.1.avg_acc.kendall"),
        (
            "op",
            lambda s: s["steps"][0]["decisions"][2]["best_acc"].update(spearman=0.9),
            "steps.0.decisions.2",
        ),
        ("op", lambda s: s["steps"].pop(), "steps"),
        ("op", lambda s: s["steps"].append(s["steps"][-1]), "steps"),
        ("search", lambda s: s.update(regret=0.0), "regret"),
    ],
)
def test_statistics_that_are_not_those_of_the_rows(results, make, change, name):
    path = getattr(results, make)()
    collect(results.root)
    change_statistics(path, change)
    with pytest.raises(ResultsError, match="does not agree with its rows") as error:
        collect(results.root)
    assert str(path) in str(error.value)
    assert name in str(error.value)


def test_statistics_that_are_missing(results):
    path = results.arch()
    change_statistics(path, lambda s: s.pop("flops"))
    with pytest.raises(ResultsError, match="lacks what a record of arch_correlation has"):
        collect(results.root)


def test_tampered_rows(results):
    path = results.arch()
    file = path.parent / json.loads(path.read_text())["rows"]["file"]
    next(results.store.records()).rows.assign(score=1.0).to_parquet(file)
    with pytest.raises(ResultsError, match="SHA-256"):
        collect(results.root)


def test_one_space_alone(filled):
    assert {group.run.space for group in collect(filled.root, ["other"])} == {"other"}
    with pytest.raises(ResultsError, match="No records of nb999 in .*; there are some of other, toy"):
        collect(filled.root, ["nb999"])


def test_no_records_says_how_to_make_some(tmp_path):
    with pytest.raises(ResultsError, match=r"No records in .*python -m harness task="):
        collect(tmp_path)
