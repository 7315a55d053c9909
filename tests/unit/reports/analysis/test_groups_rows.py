"""What groups keep of the rows of every seed."""

from __future__ import annotations

import numpy as np

from harness.reports.analysis.groups import by_population, collect, title_of_set
from harness.stats import architecture_agreement


def test_scores_of_every_seed_with_failures_as_nan(results):
    for seed in (1, 0):
        results.arch("nwot", seed, failures=4 + seed)
    (group,) = collect(results.root)
    records = {record.run.seed: record for record in results.store.records()}
    for result in group.results:
        rows = records[result.run.seed].rows
        np.testing.assert_array_equal(result.scores, np.where(rows["status"] == "ok", rows["score"], np.nan))
        assert np.isnan(result.scores).sum() == 4 + result.run.seed
        kept = result.architectures
        assert {"arch", "accuracy"} <= set(kept) <= set(rows) - {"score", "status", "reason"}
        assert kept.equals(rows[list(kept)])


def test_what_runs_share_is_kept_once(results):
    results.arch("nwot", 0)
    results.arch("snip", 0, noise=3.0)
    results.arch("fisher", 0, population=1)
    fisher, nwot, snip = (group.results[0] for group in collect(results.root))
    assert nwot.architectures is snip.architectures
    assert nwot.architectures is not fisher.architectures
    assert nwot.scores is not snip.scores


def test_a_score_that_is_not_ok_is_none_even_if_it_is_a_number(results):
    results.arch("nwot", 0)
    record = next(results.store.records())
    rows = record.rows.assign(status=["failed", *["ok"] * 59])
    results.write("arch_correlation", "other", 0, rows, architecture_agreement(rows, 0))
    other = next(group for group in collect(results.root) if group.method == "other")
    assert np.isnan(other.results[0].scores[0])
    assert np.isfinite(other.results[0].scores[1:]).all()


def test_other_tasks_keep_neither(results):
    results.search()
    results.op()
    for group in collect(results.root):
        assert group.results[0].architectures.empty
        assert not len(group.results[0].scores)
        assert bool(group.results[0].derived) == (group.run.task == "op_correlation")


def test_groups_by_population(results):
    results.arch("a", 0, population=1)
    for method in ("b", "c"):
        results.arch(method, 0)
    results.fail("d")
    blocks = by_population(collect(results.root))
    assert [[group.method for group in block] for block in blocks] == [["b", "c"], ["a"]]


def test_titles_of_sets():
    assert title_of_set("Title", 1, 1) == "Title"
    assert title_of_set("Title", 2, 3) == "Title, set 2 of 3"
