"""Published figures: what the file says, what they are compared with, and what the report shows."""

from __future__ import annotations

import csv

import pytest

from harness import paths, registry, reports, spaces, tables
from harness.reports.groups import collect
from harness.reports.published import compare, figures

METHOD = "zero_cost_pt-nwot_eval"
THEIRS = {"batch_size": 256, "input": {"name": "cifar10", "digest": "ee" * 32}, "masking": "zeros"}
THEIRS |= {"fidelity": "benchmark"}
OURS = THEIRS | {"batch_size": 64}


@pytest.fixture
def measured(results):
    for seed in range(3):
        results.op(METHOD, seed, space="nb201", **OURS)
        results.op(METHOD, seed, space="nb201", **OURS | {"masking": "drop"})
    return results


def comparisons(results):
    ((place, found),) = compare(collect(results.root)).items()
    assert place == ("nb201", "accuracy")
    return found


def test_every_figure_is_about_something_that_exists():
    scorers = registry.names("harness.scorers")
    for figure in figures():
        scorer, _, proxy = figure.method.partition("-")
        assert scorer in scorers
        assert not proxy or proxy in registry.names("harness.proxies")
        space = spaces.load(figure.space)
        assert figure.settings["label"] in (*tables.labels(space.name), "best of 3 runs")
        if figure.statistic.startswith("steps."):
            _, step, truth, name = figure.statistic.split(".")
            assert int(step) < sum(decision.kind == "operation" for decision in space.decisions)
            assert truth in ("best_acc", "avg_acc")
            assert name in ("kendall", "spearman")
            assert -1 <= figure.mean <= 1
        else:
            assert figure.statistic.partition(".")[0] in ("selected", "selected_progressive")
            low, high = (1, space.size) if figure.statistic.endswith(".rank") else (50, 100)
            assert low <= figure.mean <= high
        assert (figure.sd is None) or figure.n > 1
        assert figure.source
        assert figure.words


def test_values_of_single_seeds_are_averaged():
    found = {f.statistic: f for f in figures() if f.method == METHOD and f.space == "nb201" and f.n == 4}
    progressive = found["selected_progressive.accuracy"]
    assert progressive.mean == pytest.approx(94.0, abs=0.005)
    assert progressive.sd == pytest.approx(0.46, abs=0.01)  # published from more decimals
    initial = found["selected.accuracy"]
    assert 100 - initial.mean == pytest.approx(5.92, abs=0.006)
    assert initial.sd == pytest.approx(0.20, abs=0.005)


def test_pairs_and_what_differs(measured):
    found = comparisons(measured)
    first = [each for each in found if each.figure.statistic == "steps.0.best_acc.spearman"]
    assert [set(each.differing) for each in first if each.closest] == [{"label", "batch_size"}]
    assert [set(each.differing) for each in first if not each.closest] == [{"label", "batch_size", "masking"}]
    (each,) = [each for each in first if each.closest]
    assert each.differing["batch_size"] == (64, 256)
    stat = each.group.stat("steps.0.best_acc.spearman")
    assert each.measured == pytest.approx(stat)
    assert each.difference == pytest.approx(stat["mean"] - 0.758)
    expected = (stat["mean"] - 0.758) / (0.022**2 / 4 + stat["sd"] ** 2 / 3) ** 0.5
    assert each.standard_errors == pytest.approx(expected)


def test_no_standard_errors_without_a_deviation(measured, results):
    later = [each for each in comparisons(measured) if each.figure.statistic == "steps.1.best_acc.spearman"]
    assert later
    assert {each.standard_errors for each in later} == {None}
    assert all(each.difference is not None for each in later)


def test_one_seed_has_no_standard_errors(results):
    results.op(METHOD, 0, space="nb201", **OURS)
    assert {each.standard_errors for each in comparisons(results)} == {None}


def test_steps_that_were_not_measured_are_left_out(results):
    results.op(METHOD, 0, steps=1, space="nb201", **OURS)
    names = {each.figure.statistic for each in comparisons(results)}
    assert "steps.0.best_acc.spearman" in names
    assert "steps.1.best_acc.spearman" not in names
    assert "selected.accuracy" in names
    assert "selected_progressive.accuracy" not in names


def test_decisions_on_parents_are_another_kind(results):
    results.op(METHOD, 0, space="nb1shot1_1", **OURS)
    (group,) = collect(results.root)
    decisions = group.results[0].statistics["steps"][0]["decisions"]
    decisions[2]["kind"] = "input"
    ((_, found),) = compare([group]).items()
    value = next(
        each.measured["mean"] for each in found if each.figure.statistic == "steps.0.best_acc.spearman"
    )
    expected = sum(decision["best_acc"]["spearman"] for decision in decisions[:2]) / 2
    assert value == pytest.approx(expected)


def test_an_oracle_differs_in_its_label_alone(results):
    results.op("avg_acc", 0, space="nb201")
    run = next(results.store.records()).run
    assert "masking" not in run.settings
    for each in comparisons(results):
        assert set(each.differing) <= {"label", "batch_size", "input"}


def test_nothing_to_compare(filled, tmp_path):
    report = reports.build(filled.root, tmp_path / "out")
    assert "published" not in {section.task for section in report.sections}
    assert len(report.paths["published"].read_text().splitlines()) == 1


def test_the_report_holds_every_closest_pair_and_the_csv_all(measured, tmp_path):
    report = reports.build(measured.root, tmp_path / "out")
    found = comparisons(measured)
    (section,) = [section for section in report.sections if section.task == "published"]
    assert len(section.tables[0].rows) == sum(each.closest for each in found) == len(found) // 2
    lines = list(csv.DictReader(report.paths["published"].read_text().splitlines()))
    assert len(lines) == len(found)
    for line, each in zip(lines, found, strict=True):
        assert float(line["difference"]) == each.difference
    for name in ("page", "markdown"):
        text = report.paths[name].read_text()
        assert "0.758 ± 0.022" in text
        assert "batch_size 64 (256)" in text
        assert "zc-pt(nwot)" in text


def test_the_file_lies_with_the_tables():
    assert (paths.BENCHMARKS_DATA / "published.toml").is_file()
