"""Published figures: what the file says, what they are compared with, and what the report shows."""

from __future__ import annotations

import csv

import pytest

from harness import benchmarks, folders, registry, reports, spaces, stats
from harness.published import operation_scores
from harness.published.figures import figures
from harness.records import Run
from harness.reports.analysis.groups import collect
from harness.reports.analysis.published import compare
from tests.unit.reports.conftest import PROVENANCE, operations, outcome

METHOD = "zero_cost_pt-nwot_eval"
THEIRS = {"batch_size": 256, "input": {"name": "cifar10", "digest": "ee" * 32}, "masking": "zeros"}
THEIRS |= {"fidelity": "benchmark"}
OURS = THEIRS | {"batch_size": 64}
PUBLICATION = {
    "release": "zerocostptnas/zerocost_operation_score, commit 48f48c9", "source": "https://somewhere",
    "licence": "MIT", "citation": "they", "set": "darts_pt", "title": "darts-pt", "place": "the logs",
}  # fmt: skip


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


def published(results, name, seed, space="nb201", **settings):
    """A record of published scores, as the runner writes it but for its numbers."""
    own = {"source": "published", "published": {"set": name, "digest": "ab" * 32}} | settings
    rows = operations(seed)
    statistics = stats.operation_agreement(rows) | {"selected": outcome(92.0 + seed)}
    run = Run("op_correlation", space, "accuracy", "darts_pt-published", seed, own)
    provenance = PROVENANCE | {"published": PUBLICATION}
    return results.store.write(run, "ok", None, rows, statistics, provenance, {}, {"seconds": 1.0})


def test_every_figure_is_about_something_that_exists():
    scorers = registry.names("harness.scorers")
    for figure in figures():
        scorer, *further = figure.method.split("-")
        assert scorer in scorers
        for part in further:
            allowed = "training" if part.startswith("on_") else "proxies"
            assert part.removeprefix("on_") in registry.names(f"harness.{allowed}")
        if figure.scores is not None:
            sets = {each.name: each for each in operation_scores.entry(figure.space).sets}
            assert sets[figure.scores].settings["scorer.name"] == scorer
            assert set(figure.seeds or ()) <= set(sets[figure.scores].seeds)
        space = spaces.load(figure.space)
        assert figure.settings["label"] in (*benchmarks.labels(space.name), "best of 3 runs")
        if figure.statistic.startswith("steps."):
            _, step, truth, name = figure.statistic.split(".")
            assert int(step) < sum(decision.kind == "operation" for decision in space.decisions)
            assert truth in ("best_acc", "avg_acc")
            assert name in ("kendall", "spearman")
            assert -1 <= figure.mean <= 1
        else:
            assert figure.statistic.partition(".")[0] in ("selected", "selected_progressive")
            low, high = (1, len(space.listing())) if figure.statistic.endswith(".rank") else (50, 100)
            assert low <= figure.mean <= high
        assert (figure.sd is None) or figure.n > 1
        assert figure.source
        assert figure.words


def test_values_of_single_seeds_are_averaged():
    here = [f for f in figures() if f.method == METHOD and f.space == "nb201" and f.n == 4]
    found = {f.statistic: f for f in here}
    progressive = found["selected_progressive.accuracy"]
    assert progressive.mean == pytest.approx(94.0, abs=0.005)
    assert progressive.sd == pytest.approx(0.46, abs=0.01)  # published from more decimals
    initial = found["selected.accuracy"]
    assert 100 - initial.mean == pytest.approx(5.92, abs=0.006)
    assert initial.sd == pytest.approx(0.20, abs=0.005)


def test_pairs_and_what_differs(measured):
    found = comparisons(measured)
    found = [each for each in found if each.figure.statistic == "steps.0.best_acc.spearman"]
    first = [each for each in found if each.figure.n == 4]
    differing = {each.group.settings["masking"]: set(each.differing) for each in first}
    assert differing["zeros"] == {"label", "batch_size", "counting"}
    assert differing["drop"] == {"label", "batch_size", "counting", "masking"}
    (each,) = [each for each in first if each.variant is None]
    assert each.differing["batch_size"] == (64, 256)
    assert each.differing["counting"] == ("once", "as_released")
    stat = each.group.stat("steps.0.best_acc.spearman")
    assert each.measured == pytest.approx(stat)
    assert each.difference == pytest.approx(stat["mean"] - 0.758)
    expected = (stat["mean"] - 0.758) / (0.022**2 / 4 + stat["sd"] ** 2 / 3) ** 0.5
    assert each.standard_errors == pytest.approx(expected)


def test_either_variant_has_its_closest_records(measured):
    for batch_size in (64, 256):
        settings = THEIRS | {"counting": "as_released", "batch_size": batch_size}
        measured.op(METHOD, 0, space="nb201", **settings)
    measured.op(METHOD, 0, space="nb201", **THEIRS | {"masking": "drop"})
    measured.op(METHOD, 0, space="nb201", **THEIRS | {"masking": "weightless"})
    initial = [each for each in comparisons(measured) if each.figure.statistic == "steps.0.best_acc.kendall"]
    found = [
        (each.variant, each.group.settings["masking"], each.group.settings["batch_size"], each.closest)
        for each in initial
        if each.figure.n == 4
    ]
    assert sorted(found, key=lambda each: (each[0] or "", *each[1:])) == [
        (None, "weightless", 256, False),
        (None, "zeros", 64, False),
        ("as_released", "zeros", 64, False),
        ("as_released", "zeros", 256, True),
        ("paper", "drop", 64, False),
        ("paper", "drop", 256, True),
    ]


def test_proxies_that_count_no_relus_are_released_by_their_masking(results):
    results.op("zero_cost_pt-synflow", 0, space="nb201", **THEIRS)
    assert {each.variant for each in comparisons(results)} == {"as_released"}
    assert {frozenset(each.differing) for each in comparisons(results)} == {frozenset({"label"})}


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


def test_recomputed_figures_stand_beside_measured_ones(measured):
    for seed in range(4):
        published(measured, "zc_pt_nwot", seed)
        published(measured, "initial_zc_pt_nwot", seed)
    found = [each for each in comparisons(measured) if each.figure.statistic == "steps.0.best_acc.spearman"]
    for scores, n in (("zc_pt_nwot", 4), ("initial_zc_pt_nwot", 1)):
        own = [each for each in found if each.figure.scores == scores]
        assert {each.figure.n for each in own} == {n}
        (again,) = [each for each in own if each.recomputed]
        assert again.group.settings["published.set"] == scores
        assert set(again.differing) == {"label"}
        assert again.closest
        assert again.standard_errors is None
        assert again.variant is None
        assert {each.variant for each in own if each.closest and not each.recomputed} == {None, "paper"}


def test_a_figure_of_some_seeds_is_recomputed_from_these(results):
    for seed in range(4):
        published(results, "disc_acc_ft5", seed)
    found = [each for each in comparisons(results) if each.figure.statistic == "selected.accuracy"]
    (each,) = [each for each in found if each.figure.seeds is not None]
    assert each.figure.seeds == (1,)
    assert (each.measured["mean"], each.measured["n"]) == (93.0, 1)


def test_scores_of_another_set_recompute_nothing(results):
    published(results, "zc_pt_nwot", 0, space="nb1shot1_1")
    assert {each.figure.scores for each in next(iter(compare(collect(results.root)).values()))} == {
        "zc_pt_nwot"
    }
    published(results, "unheard_of", 0)
    assert ("nb201", "accuracy") not in compare(collect(results.root))


def test_the_report_says_what_is_published_and_by_whom(measured, tmp_path):
    for seed in range(2):
        published(measured, "darts_pt", seed)
    report = reports.build(measured.root, tmp_path / "out")
    sections = {section.task: section for section in report.sections}
    agreement, picked = sections["op_correlation"].tables[:2]
    for table in (agreement, picked):
        assert {row.cells[0].text: row.kind for row in table.rows} == {
            METHOD: "method",
            "darts_pt-published": "reference",
        }
    (sentence,) = [each for each in agreement.caption if each.startswith("Rows in -published")]
    assert "zerocostptnas/zerocost_operation_score, commit 48f48c9" in sentence
    assert "MIT licence" in sentence
    assert sentence.count("the logs") == 1
    assert any("scores that others measured" in each for each in picked.caption)
    again = [
        row for row in sections["published"].tables[0].rows if row.cells[-1].text.startswith("recomputed")
    ]
    assert {row.cells[0].note for row in again} == {"darts_pt-published"}
    lines = list(csv.DictReader(report.paths["published"].read_text().splitlines()))
    assert {line["recomputed"] for line in lines} == {"True", "False"}
    for name in ("page", "markdown"):
        assert "commit 48f48c9" in report.paths[name].read_text()


def test_scores_that_pick_no_architecture_have_no_row_of_one(results, tmp_path):
    results.op(METHOD, 0, space="nb1shot1_1", **OURS)
    run = Run("op_correlation", "nb1shot1_1", "accuracy", "zero_cost_pt-nwot_eval-published", 0, {})
    rows = operations(0)
    results.store.write(
        run, "ok", None, rows, stats.operation_agreement(rows), PROVENANCE, {}, {"seconds": 1.0}
    )
    report = reports.build(results.root, tmp_path / "out")
    agreement, picked = next(each for each in report.sections if each.task == "op_correlation").tables[:2]
    assert (len(agreement.rows), len(picked.rows)) == (2, 1)
    assert any("1 scorer left decisions unscored" in each for each in picked.caption)


def test_nothing_to_compare(filled, tmp_path):
    report = reports.build(filled.root, tmp_path / "out")
    assert "published" not in {section.task for section in report.sections}
    assert len(report.paths["published"].read_text().splitlines()) == 1


def test_the_report_holds_every_closest_pair_and_the_csv_all(measured, tmp_path):
    report = reports.build(measured.root, tmp_path / "out")
    found = comparisons(measured)
    (section,) = [section for section in report.sections if section.task == "published"]
    assert len(section.tables[0].rows) == sum(each.closest for each in found) == len(found)
    assert {row.cells[2].text for row in section.tables[0].rows} == {"paper", "–"}
    lines = list(csv.DictReader(report.paths["published"].read_text().splitlines()))
    assert len(lines) == len(found)
    for line, each in zip(lines, found, strict=True):
        assert float(line["difference"]) == each.difference
        assert line["variant"] == (each.variant or "")
    for name in ("page", "markdown"):
        text = report.paths[name].read_text()
        assert "0.758 ± 0.022" in text
        assert "batch_size 64 (256)" in text
        assert "zc-pt(nwot)" in text


def test_the_file_lies_with_the_tables():
    assert (folders.BENCHMARKS_DATA / "published.toml").is_file()
