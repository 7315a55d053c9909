"""What a report says first rests on the records, and says what they do not support."""

from __future__ import annotations

import numpy as np
import pytest

from harness.reports.analysis.groups import collect
from harness.reports.findings.following import command
from harness.reports.findings.summaries import summaries
from harness.reports.sections import build_summaries
from tests.unit.reports.conftest import arch_statistics, architectures


def summary(results, space="toy"):
    return next(
        each for each in summaries(collect(results.root)) if each.name.startswith(f"found-on-{space}")
    )


def found(results, heading):
    (finding,) = [each for each in summary(results).found if heading in each.heading]
    return finding


def test_the_best_proxy_stands_beside_size_with_intervals_and_a_verdict(results):
    for seed in range(3):
        results.arch("nwot", seed)
        results.arch("snip", seed, noise=6.0)
    finding = found(results, "architectures")
    taus = [
        record.statistics["score"]["kendall"]
        for record in results.store.records()
        if record.run.method == "nwot"
    ]
    assert f"nwot, Kendall τ {np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}" in finding.headline
    assert finding.headline.startswith("The best proxy is")
    support = " ".join(finding.support)
    assert "95 % interval" in support
    assert support.count("told apart") == 1
    assert "not told apart" not in support
    assert "ceiling" in support
    assert finding.basis == "2 proxies on 60 of 1,000 architectures, seeds 0–2, label accuracy"


def test_a_proxy_that_size_beats_is_not_called_better(results):
    rows = architectures(noise=3.0)
    rows["params"] = (100 * rows["accuracy"]).round().astype(int)
    results.write("arch_correlation", "nwot", 0, rows, arch_statistics(rows))
    finding = found(results, "architectures")
    assert finding.headline.startswith(
        "No proxy ranks better than parameters alone (τ 1.000); the best is nwot"
    )
    assert "difference −" in " ".join(finding.support)


def test_a_search_stands_beside_random_search_over_the_same_seeds(results):
    for seed in range(3):
        results.search(seed=seed, accuracy=93.0 + seed / 10, fidelity="benchmark")
        results.search("random_search", seed, accuracy=91.0 + seed / 20, queries=20)
    finding = found(results, "search")
    assert finding.headline == "zero_cost_pt-nwot finds accuracy 93.10 ± 0.10 %, rank 7 of 1,000."
    support = " ".join(finding.support)
    assert "has 94.00 %: regret 0.90 ± 0.10 points" in support
    assert "difference +2.05 (95 % interval" in support
    assert "paired over 3 seeds): told apart" in support
    assert "It read 20 scores and no trained figure" in support


def test_an_architecture_that_nobody_trained_is_told_of_and_drawn(results):
    arch = "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    path = results.search(seed=0, accuracy=90.0, space="nb201", fidelity="benchmark")
    record = next(each for each in results.store.records() if each.path == path)
    unknown = {"arch": arch, "accuracy": None, "rank": None, "regret": None}
    results.store.write(
        record.run, "ok", None, record.rows, {**record.statistics, **unknown}, record.provenance, {}, {}
    )
    results.search("random_search", 0, accuracy=91.0, space="nb201", queries=20)
    (first,) = summaries(collect(results.root))
    (finding,) = first.found
    assert finding.headline == "zero_cost_pt-nwot finds an architecture whose accuracy nobody knows."
    assert finding.support[0] == "Among what is known random_search finds 91.00 %."
    assert (first.drawings[0].arch, first.drawings[0].words) == (arch, "accuracy unknown")


def test_one_seed_never_stands_for_a_method(results):
    results.search(fidelity="benchmark")
    results.search("random_search", accuracy=91.0, queries=20)
    first = summary(results)
    assert any("one seed" in sentence for sentence in first.limits)
    assert "one seed has no spread, so that nothing tells them apart" in " ".join(first.found[0].support)
    words, line = first.following[0]
    assert "has 1 seed" in words
    assert line.endswith("seed=1,2,3")


def test_small_networks_and_failed_runs_are_limits(results):
    results.arch("nwot", 0, settings={"fidelity": "tiny"})
    results.fail("fisher", 0)
    limits = " ".join(summary(results).limits)
    assert "fidelity tiny" in limits
    assert "fisher" in limits
    assert "6 make the top tenth" in limits


@pytest.mark.parametrize("task", ["arch_correlation", "search"])
def test_nothing_is_found_where_all_failed(results, task):
    results.fail("fisher", 0, task)
    first = summary(results)
    assert (first.found, first.chart, first.drawings) == ((), None, ())
    assert first.limits == ("Runs failed, and are missing here: fisher.",)


def test_the_chart_has_intervals_the_ceiling_and_every_seed(filled):
    proxies, searches = summary(filled).chart.panels
    assert set(proxies.y_names) >= {"nwot", "snip", "parameters", "FLOPs"}
    assert "ceiling" in proxies.marks[0].words
    assert all(series.x_low is not None for series in proxies.series)
    assert [len(series.x) for series in searches.series] == [3, 3, 2]
    assert searches.marks[0].value == 94.0


def test_what_has_no_agreement_is_left_out_of_the_chart(results):
    results.arch("snip", 0)
    results.arch("fisher", 0, failures=60)
    results.arch("nwot", 0, noise=4.0)
    (proxies,) = summary(results).chart.panels
    drawn = [name for name in proxies.y_names if name in ("snip", "fisher", "nwot")]
    assert drawn == ["snip", "nwot"]


def test_what_was_found_is_drawn_beside_the_optimum(results):
    cells = (
        "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    )
    for seed, (arch, accuracy) in enumerate(zip(cells, (90.0, 91.0), strict=True)):
        path = results.search(seed=seed, accuracy=accuracy, space="nb201", fidelity="benchmark")
        _rewritten(results, path, arch)
    (first,) = summaries(collect(results.root))
    assert [drawing.title.partition(",")[0] for drawing in first.drawings] == ["Found by zero_cost_pt-nwot"]
    assert first.drawings[0].arch == cells[0]  # of two, the lower one
    assert "the median of 2" in first.drawings[0].title


def _rewritten(results, path, arch):
    """The same record, with another architecture found."""
    record = next(each for each in results.store.records() if each.path == path)
    statistics = {**record.statistics, "arch": arch}
    results.store.write(
        record.run, "ok", None, record.rows, statistics, record.provenance, {}, {"seconds": 1.0}
    )


def test_a_command_names_what_is_not_usual(results):
    results.search(
        seed=0, searcher="zero_cost_pt", proxy="nwot", fidelity="tiny", masking="drop", proposals=4
    )
    (group,) = collect(results.root)
    assert command(group, [1]) == (
        "harness run task=search space=toy label=accuracy searcher=zero_cost_pt proxy=nwot batch_size=64 "
        "input=noise fidelity=tiny searcher.proposals=4 seed=1"
    )


def test_several_spaces_are_told_of_together_first(filled):
    filled.arch("snip", 0, space="other", runs=False)
    first, *others = build_summaries(collect(filled.root))
    assert first.title == "Over all spaces"
    assert {each.title for each in others} == {"toy, accuracy", "other, accuracy"}
    assert "lowest mean rank" in first.found[0].headline
