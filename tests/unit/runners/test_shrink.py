"""A shrunk space is judged by the accuracies left, looked up by hand; what is no smaller space is refused."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest

from harness import benchmarks
from harness.cli._compose import composing, run_configs
from harness.errors import HarnessError, RunFailed
from harness.evidence.queries import CountedQueries
from harness.records import Store
from harness.reports.analysis.groups import collect
from harness.reports.charts import shrink as charts
from harness.reports.tables import shrink as tables
from harness.runners import execute, shrink
from harness.shrinkers import random_drop
from harness.spaces import Decision, only, without

STEPS = 6


@pytest.fixture
def config(tmp_path):
    with composing():
        (made,) = run_configs(
            [
                "task=shrink",
                "space=nbmacro",
                "shrinker=random_drop",
                f"shrinker.steps={STEPS}",
                f"results={tmp_path}",
            ]
        )
    return made


def test_every_step_is_judged_by_what_it_leaves(config, tmp_path):
    (outcome,) = execute(config)
    (record,) = Store(tmp_path).records()
    benchmark = benchmarks.load("nbmacro")
    truth = dict(
        zip(benchmark.architectures, benchmark.values(benchmark.architectures, record.run.label), strict=True)
    )
    worst = sorted(truth.values())[-ceil(len(truth) / 100)]
    best = sum(value >= worst for value in truth.values())
    for row in record.rows.itertuples():
        mask = [[bit == "1" for bit in word] for word in row.mask.split()]
        left = [value for arch, value in truth.items() if _is_left(benchmark.space, arch, mask)]
        assert (row.candidates, row.architectures) == (sum(map(sum, mask)), len(left))
        assert (row.best, row.mean) == pytest.approx((max(left), sum(left) / len(left)))
        assert row.top == pytest.approx(sum(value >= worst for value in left) / best)
    assert record.statistics["last"] == record.statistics["steps"][STEPS]
    assert f"{record.statistics['last']['best']:.2f} %" in outcome.headline


def _is_left(space, arch, mask):
    active = zip(arch, mask, space.active(arch), strict=True)
    return all(row[pick] for picks, row, counts in active if counts for pick in picks)


def test_it_is_done_once_and_stands_in_a_report(config, tmp_path):
    assert [outcome.status for outcome in (*execute(config), *execute(config))] == ["done", "skipped"]
    (group,) = collect(tmp_path)
    (table,) = tables.tables([group])
    whole, own = table.rows
    assert (whole.cells[0].text, own.cells[0].text) == ("whole space", "random_drop")
    assert own.cells[1].sort == group.results[0].statistics["last"]["best"]
    assert whole.cells[3].text == "100.0"


@pytest.mark.parametrize("broken", ["emptied", "brought back"])
def test_a_step_that_is_no_smaller_space_fails_the_run(config, monkeypatch, broken):
    def steps(tools, settings):
        whole = tools.space.full_mask
        yield without(whole, 0, 1)
        yield only(whole, 0, ()) if broken == "emptied" else whole

    monkeypatch.setattr(random_drop, "shrink", steps)
    with pytest.raises(RunFailed, match="Step 2 leaves . candidates of decision"):
        execute(config)


def test_where_nothing_known_is_left_it_is_unknown():
    class Truth:
        accuracies = np.array([1.0, 2.0])

        def left(self, mask):
            return np.zeros(2, dtype=bool)

        def mean(self, mask):
            return [np.array([np.nan, 1.0])]

        best = mean

    class Space:
        decisions = (Decision("only", ("one", "other")),)
        full_mask = ((True, True),)

    paid = {"scores": 0, "queries": 3, "epochs": 0}
    (row,) = shrink.judged(Space, Truth(), [((True, False),)], [paid])
    assert (row["status"], row["architectures"], row["top"], row["queries"]) == ("unknown", 0, 0.0, 3)
    assert (row["dropped"], row["dropped_rank"], row["best_candidates"]) == ("only other (rank 1)", 1.0, 0)
    rows = {name: [row[name]] for name in shrink.TASK.columns}
    assert shrink.TASK.statistics(rows)["last"]["best"] is None


def shrunk(tmp_path, *overrides):
    with composing():
        (made,) = run_configs(["task=shrink", "space=nbmacro", f"results={tmp_path}", *overrides])
    execute(made)
    (record,) = Store(tmp_path).records()
    return record


def test_ranks_and_costs_by_hand(tmp_path):
    record = shrunk(tmp_path, "shrinker=cp_nas", "shrinker.repeats=2", "search_label=cifar10_test_50_run1")
    benchmark = benchmarks.load("nbmacro")
    space, accuracies = benchmark.space, benchmark.values(benchmark.keys, "cifar10_test_50")
    picks = np.array([[pick for (pick,) in arch] for arch in benchmark.architectures])
    means = np.array([[accuracies[picks[:, d] == c].mean() for c in range(3)] for d in range(8)]).ravel()
    best = picks[accuracies == accuracies.max()]
    ten = np.sort(accuracies)[-10]
    rows = record.rows
    assert rows["queries"].tolist() == sorted(rows["queries"])
    assert 5 < rows["queries"].iloc[-1] <= 2 * 5
    assert rows["scores"].sum() == rows["epochs"].sum() == 0
    for row in rows.itertuples():
        mask = np.array([[bit == "1" for bit in word] for word in row.mask.split()])
        gone = ~mask.ravel()
        ranks = [1 + (means > mean + 1e-9).sum() for mean in means[gone]]
        assert gone.sum() == 0 or row.dropped_rank == pytest.approx(np.mean(ranks))
        left = mask[np.arange(8), picks].all(axis=1)
        assert row.top_10 == pytest.approx(left[accuracies >= ten].mean())
        assert row.best_candidates == sum(mask[d, best[:, d]].any() for d in range(8))
    last = record.statistics["last"]
    assert last["dropped_rank"] == pytest.approx(rows["dropped_rank"].iloc[-1])
    (first, *_) = rows["dropped"].iloc[1].split("; ")
    assert first.startswith("layer_0 ")
    assert "(rank " in first
    derived, seen = record.statistics["derived"], record.statistics["best_seen"]
    assert derived["accuracy"] == benchmark.value(space.parse(derived["arch"]), "cifar10_test_50")
    assert derived["accuracy"] == pytest.approx(last["best"])
    assert seen["rank"] == 1 + (accuracies > seen["accuracy"] + 1e-9).sum()


def test_what_is_searched_on_is_another_run(tmp_path):
    """What is told are the search label's figures, and everything is judged by the label."""
    asked = ["label=cifar10_test_50_runs_2_3", "search_label=cifar10_test_50_run1"]
    record = shrunk(tmp_path, "shrinker=oracle", *asked)
    named = record.run.settings["search_label"]
    assert named["name"] == "cifar10_test_50_run1"
    assert named["truth"] == benchmarks.load("nbmacro").digest("cifar10_test_50_run1")
    assert record.statistics["derived"]["arch"] == "22222222"
    judged = benchmarks.load("nbmacro").value("22222222", "cifar10_test_50_runs_2_3")
    assert record.statistics["derived"]["accuracy"] == judged


def test_the_same_label_is_no_setting(tmp_path):
    record = shrunk(tmp_path, "shrinker=cp_nas", "shrinker.repeats=1", "search_label=cifar10_test_50")
    assert "search_label" not in record.run.settings


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["search_label=cifar10_test_50_run9"], "Unknown label of nbmacro 'cifar10_test_50_run9'"),
        (
            ["search_label=cifar10_test_50_run1", "truth=train", "truth.architectures=5", "input=digits"],
            "truth=train measures one label",
        ),
        (["task.then=queries", "task.queries=0"], "task.queries must be a positive integer"),
        (["shrinker=cp_nas", "space=nb1shot1_1"], "shrinker=cp_nas makes decisions of the kinds operation"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, overrides, words):
    with composing(), pytest.raises(HarnessError, match=words):
        run_configs(["task=shrink", "space=nbmacro", f"results={tmp_path}", *overrides])


def test_searches_afterwards_stay_inside(tmp_path, monkeypatch):
    asked = []
    query = CountedQueries._query

    def noted(self, arch):
        asked.append((self.population.mask, arch))
        return query(self, arch)

    monkeypatch.setattr(CountedQueries, "_query", noted)
    settings = [
        "shrinker=largest",
        "shrinker.keep=2",
        "shrinker.draws=2",
        "task.then=queries",
        "task.queries=12",
    ]
    record = shrunk(tmp_path, *settings)
    space, found = benchmarks.load("nbmacro").space, record.statistics["found"]
    assert set(found) == {"random_search", "regularized_evolution"}
    whole, inside = space.full_mask, asked[0][0]
    assert sum(map(sum, inside)) == 16
    assert all(space.leaves(mask, arch) for mask, arch in asked)
    assert [mask for mask, _ in asked].count(inside) == 2 * 12
    assert [mask for mask, _ in asked].count(whole) == 4 * 12  # nothing was paid before
    for each in found.values():
        assert each["whole"] == each["whole_at_total"]
        assert each["left"]["queries"] == 12
    told = record.run.settings
    assert (told["then"], told["then_queries"], len(told["then_settings"])) == ("queries", 12, 64)


def test_a_search_pays_what_the_shrinker_paid(tmp_path):
    settings = [
        "shrinker=cp_nas",
        "shrinker.repeats=1",
        "shrinker.keep=2",
        "task.then=queries",
        "task.queries=5",
    ]
    record = shrunk(tmp_path, *settings)
    paid = record.statistics["last"]["queries"]
    for each in record.statistics["found"].values():
        assert (each["whole"]["queries"], each["whole_at_total"]["queries"]) == (5, 5 + paid)


def test_zero_cost_pt_decides_what_is_left(tmp_path):
    small = [
        "proxy=nwot_eval",
        "fidelity=tiny",
        "batch_size=4",
        "task.proposals=1",
        "task.validation_batches=1",
    ]
    settings = ["shrinker=largest", "shrinker.keep=2", "shrinker.draws=2", "task.then=zero_cost_pt"]
    found = shrunk(tmp_path, *settings, *small).statistics["found"]["zero_cost_pt-nwot_eval"]
    assert set(found) == {"left", "whole"}
    assert (found["left"]["scores"], found["whole"]["scores"]) == (8 * 2, 8 * 3)


def test_tables_and_charts_of_all(tmp_path):
    for overrides in (
        ["shrinker=cp_nas", "shrinker.repeats=1,2", "shrinker.keep=2", "task.then=queries", "task.queries=4"],
        ["shrinker=oracle"],
        ["shrinker=random_drop"],
    ):
        with composing():
            for made in run_configs(["task=shrink", "space=nbmacro", f"results={tmp_path}", *overrides]):
                execute(made)
    groups = collect(tmp_path)
    titles = [
        "What is left after the last step",
        "Derived, and best seen",
        "What searches find in the space left",
    ]
    found = tables.tables(groups)
    assert [table.title for table in found] == titles
    assert all(len(row.cells) == len(table.columns) for table in found for row in table.rows)
    left, derived, searched = found
    assert [row.kind for row in left.rows].count("method") == 2
    assert any("oracle reads the truth" in sentence for sentence in left.caption)
    assert "Searched on and reported: cifar10_test_50" in " ".join(derived.caption)
    assert len(searched.rows) == 2 * 2
    by_size, by_queries = charts.charts(groups, "")
    assert [len(panel.series) for panel in by_size.panels] == [4, 4]
    assert [len(panel.series) for panel in by_queries.panels] == [2, 2]
    assert {mark.words for mark in by_queries.panels[0].marks} == {"oracle", "random_drop"}
    assert charts.charts([], "") == ()
