"""Every kind of golden is seen failing: a change of the code, or of a figure, and the gate names it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, stats
from harness.cli._compose import composing, run_configs
from harness.errors import ResultsError
from harness.records import Store
from harness.regression import fresh as entries_of
from harness.regression import goldens
from harness.regression.compare import accepted, compare
from harness.regression.fresh import of_records, of_tables
from harness.regression.text import WORST, changes, regression_lines
from harness.regression.values import OTHER_KIND, SAME_KIND
from harness.runners import execute

TINY = ["space=nbmacro", "fidelity=tiny", "batch_size=4"]
ARCHS = [
    "proxy=rank_sum",
    "proxy.of=[nwot,synflow]",
    "proxy.names=[nwot,synflow,params,rank_sum]",
    "task.population=5",
]
SEARCH = ["task=search", "searcher.proposals=1", "searcher.validation_batches=1", "proxy=synflow"]
OPERATIONS = ["task=op_correlation", "proxy=nwot_eval", "task.progressive=false"]
METHODS = {"nwot", "synflow", "params", "rank_sum", "population"}
RUNS = (ARCHS, OPERATIONS, SEARCH)
MACHINE = {
    "version": "1.0",
    "commit": "c0ffee0c0ffee",
    "dirty": False,
    "reason": "as it was",
    "machine": "x86_64",
    "processor": "a CPU",
    "capability": "AVX2",
    "torch": "2",
    "device": "cpu",
}


def run(root, *overrides):
    """Entries of one line of overrides, run in this process."""
    with composing():
        configs = run_configs([*overrides[1:], *TINY, *overrides[0], f"results={root}"])
    for config in configs:
        execute(config)
    return of_records(Store(root).records(), "as it was", "AVX2")


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    return [entry for line in RUNS for entry in run(tmp_path_factory.mktemp("golden"), line)]


def moved(golden, fresh):
    """Findings by method, of entries that have a fresh one or whose task ran."""
    tasks = {entry.task for entry in fresh}
    compared = compare([entry for entry in golden if entry.task in tasks], fresh)
    return {each.entry.method: each.findings for each in compared if each.findings}


def changed(entries, method, **columns):
    """``entries`` with one method's columns put through functions."""
    return [
        replace(
            entry,
            rows=tuple(
                tuple(
                    columns[name](value) if name in columns else value
                    for name, value in zip(entry.columns, row, strict=True)
                )
                for row in entry.rows
            ),
        )
        if entry.method == method
        else entry
        for entry in entries
    ]


def one(golden, method):
    (entry,) = [entry for entry in golden if entry.method == method]
    return entry


def scaled(factor):
    return lambda score: None if score is None else score * factor


def test_a_repeated_run_moves_nothing(golden, tmp_path):
    fresh = run(tmp_path, ARCHS)
    assert moved(golden, fresh) == {}
    assert {entry.task for entry in golden} == {"arch_correlation", "op_correlation", "search"}
    methods = {entry.method for entry in fresh if entry.task == "arch_correlation"}
    assert methods == METHODS


def test_a_proxy_with_another_sign_is_named_with_every_row(golden, tmp_path, monkeypatch):
    from harness.proxies import synflow

    score = synflow.score
    monkeypatch.setattr(synflow, "score", lambda passes: -score(passes))
    found = moved(golden, run(tmp_path, ARCHS))
    assert set(found) == {"synflow", "rank_sum"}
    assert {finding.kind for finding in found["synflow"]} == {"value"}
    archs = one(golden, "synflow").column("arch")
    assert {finding.where for finding in found["synflow"]} == {f"{arch}, score" for arch in archs}
    assert all(finding.difference == pytest.approx(2) for finding in found["synflow"])
    assert all(finding.fresh == -finding.golden for finding in found["synflow"])


def test_another_batch_norm_mode_is_named(golden, tmp_path, monkeypatch):
    from harness.proxies import nwot, nwot_eval

    monkeypatch.setattr(nwot, "score", nwot_eval.score)
    found = moved(golden, run(tmp_path, ARCHS))
    assert "nwot" in found
    assert not {"synflow", "params", "population"} & set(found)


def test_another_sign_of_an_operation_score_moves_decisions_and_the_architecture(
    golden, tmp_path, monkeypatch
):
    from harness.scorers import zero_cost_pt

    score = zero_cost_pt.score

    def opposite(*arguments):
        return {name: replace(each, value=-each.value) for name, each in score(*arguments).items()}

    monkeypatch.setattr(zero_cost_pt, "score", opposite)
    (findings,) = moved(golden, run(tmp_path, OPERATIONS)).values()
    places = [finding.where for finding in findings]
    assert any(place.endswith("chosen") for place in places)
    assert any(place.endswith("score") for place in places)
    assert "selected.arch" in places
    chosen = [finding for finding in findings if finding.where.endswith("chosen")]
    assert {(finding.golden, finding.fresh) for finding in chosen} == {(True, False), (False, True)}


def test_another_order_of_decisions_is_named(golden, tmp_path):
    (search,) = [entry for entry in golden if entry.task == "search"]
    fresh = run(tmp_path, SEARCH, "searcher.order=reverse")
    (findings,) = moved(golden, fresh).values()
    assert [(f.kind, f.where, f.golden, f.fresh) for f in findings] == [
        ("settings", "order", "random", "reverse")
    ]
    # The same with the setting hidden: the trace alone gives it away.
    hidden = [replace(entry, settings=search.settings) for entry in fresh]
    (findings,) = moved(golden, hidden).values()
    assert any(f.kind == "value" and f.where.endswith(", decision") for f in findings)


def test_another_seed_is_named_and_hidden_it_still_moves_the_rows(golden, tmp_path):
    fresh = run(tmp_path, ARCHS, "seed=1")
    found = moved(golden, fresh)
    assert set(found) == METHODS
    assert {(f.kind, f.where, f.golden, f.fresh) for each in found.values() for f in each} == {
        ("settings", "seed", 0, 1)
    }
    found = moved(golden, [replace(entry, seed=0) for entry in fresh])
    assert set(found) == METHODS
    assert any(f.fresh == "not there" for f in found["nwot"])


def test_a_figure_of_a_table_is_named_by_its_label(monkeypatch):
    golden = of_tables(["nbmacro"], MACHINE)
    table = benchmarks.load("nbmacro")
    column = table.label("cifar10_test_50_run2").columns[0]
    figures = table.figures[column].copy()
    figures[17] = np.nextafter(figures[17], 0)
    monkeypatch.setattr(
        benchmarks,
        "load_table",
        lambda name: replace(table, figures=table.figures | {column: figures}, _values={}),
    )
    found = compare(golden, of_tables(["nbmacro"], MACHINE))
    named = {each.entry.label: [f.where for f in each.findings] for each in found if each.findings}
    assert set(named) >= {"cifar10_test_50_run2"}
    assert "cifar10_test_50_run1" not in named
    assert "digest" in named["cifar10_test_50_run2"]


def test_table_facts_are_the_tables():
    facts = {entry.label: entry.statistics for entry in of_tables(["nb201"], MACHINE)}
    table = benchmarks.load("nb201")
    accuracies = table.values(table.keys, "cifar10_test_200")
    own = facts["cifar10_test_200"]
    assert own["n"] == 15625
    assert own["mean_accuracy"] == pytest.approx(accuracies.mean(), rel=1e-12)
    best = table.space.parse(own["best"])
    assert table.value(best, "cifar10_test_200") == own["best_accuracy"] == accuracies.max()
    assert facts["cifar10_test_200_run3"]["n"] == 7961


@pytest.mark.parametrize("method", ["synflow", "population", "zero_cost_pt-nwot_eval"])
def test_another_statistic_is_found_in_the_golden_rows_alone(golden, monkeypatch, method):
    entry = one(golden, method) if method != "zero_cost_pt-nwot_eval" else golden_operations(golden)
    name = "operation_agreement" if entry.task == "op_correlation" else "architecture_agreement"
    statistic = getattr(stats, name)

    def slightly_off(*arguments, **more):
        return json.loads(
            json.dumps(statistic(*arguments, **more)),
            parse_float=lambda text: float(text) * (1 + 1e-11),
        )

    monkeypatch.setattr(stats, name, slightly_off)
    found = moved(golden, golden)[entry.method]
    assert {finding.kind for finding in found} == {"statistic", "disagrees"}
    assert all(finding.difference < 1e-10 for finding in found)
    assert any("kendall" in finding.where for finding in found)


def golden_operations(golden):
    (entry,) = [entry for entry in golden if entry.task == "op_correlation"]
    return entry


def test_a_stored_statistic_that_its_rows_do_not_give_is_named(golden):
    entry = one(golden, "synflow")
    score = entry.statistics["score"] | {"kendall": entry.statistics["score"]["kendall"] + 1e-10}
    off = [replace(e, statistics={"score": score}) if e is entry else e for e in golden]
    for found, kind in ((moved(off, golden), "statistic"), (moved(golden, off), "disagrees")):
        (finding,) = found["synflow"]
        assert (finding.kind, finding.where) == (kind, "score.kendall")


def test_a_statistic_that_came_or_went_is_named(golden):
    entry = one(golden, "synflow")
    score = {name: value for name, value in entry.statistics["score"].items() if name != "ndcg"}
    off = [replace(e, statistics={"score": score}) if e is entry else e for e in golden]
    (finding,) = moved(off, golden)["synflow"]
    assert (finding.where, finding.golden, finding.fresh) == ("score.ndcg", "not there", "there")


def test_numbers_that_no_row_gives_are_compared_with_the_fresh_ones(golden):
    for method, task, name in (("population", "arch_correlation", "ceiling"), (None, "search", "rank")):
        entry = next(e for e in golden if e.task == task and method in (None, e.method))
        value = {**entry.statistics[name], "kendall": 2.0} if name == "ceiling" else -1
        off = [replace(e, statistics={**e.statistics, name: value}) if e is entry else e for e in golden]
        (findings,) = moved(golden, off).values()
        assert findings[0].where.startswith(name)


def test_statuses_are_exact_and_hide_the_score(golden):
    off = changed(golden, "nwot", status=lambda status: "nan", score=lambda score: None)
    found = [f for f in moved(golden, off)["nwot"] if f.kind != "disagrees"]
    assert {(f.kind, f.golden, f.fresh) for f in found} == {("status", "ok", "nan")}
    assert len(found) == 5


def test_a_failed_record_is_named(golden):
    entry = one(golden, "nwot")
    failed = replace(entry, status="failed", rows=(), columns=(), statistics={})
    (finding,) = moved(golden, [failed if e is entry else e for e in golden])["nwot"]
    assert (finding.kind, finding.golden, finding.fresh) == ("status", "ok", "failed")


@pytest.mark.parametrize(
    ("capability", "allowed"),
    [("AVX2", SAME_KIND), ("NEON", OTHER_KIND)],
)
@pytest.mark.parametrize(("share", "moves"), [(0.9, False), (1.1, True)])
def test_scores_may_differ_by_the_tolerance_of_the_kind_of_machine(golden, capability, allowed, share, moves):
    fresh = [
        replace(entry, since={**entry.since, "capability": capability})
        for entry in changed(golden, "nwot", score=scaled(1 + share * allowed))
    ]
    found = moved(golden, fresh).get("nwot", ())
    values = [finding for finding in found if finding.kind == "value"]
    assert bool(values) == moves
    assert not moves or capability != "AVX2" or len(values) == 5


def test_a_score_near_0_may_differ_as_the_largest_may_on_another_kind_of_machine(golden):
    """A difference of nearly equal numbers: rounding is a share of these, not of what is left."""
    small, largest = 1e-3, max(map(abs, one(golden, "nwot").column("score")))
    before = changed(golden, "nwot", score=lambda score: score if score == largest else small)
    for off, moves in ((0.9, False), (1.1, True)):
        shifted = small + off * OTHER_KIND * largest
        after = changed(golden, "nwot", score=lambda score, new=shifted: score if score == largest else new)
        fresh = [replace(entry, since={**entry.since, "capability": "NEON"}) for entry in after]
        values = [finding for finding in moved(before, fresh).get("nwot", ()) if finding.kind == "value"]
        assert len(values) == (4 if moves else 0)


@pytest.mark.parametrize("capability", ["AVX2", "NEON"])
def test_counts_are_exact_on_any_machine(golden, capability):
    fresh = changed(golden, "params", score=lambda score: score + 1)
    fresh = [replace(entry, since={**entry.since, "capability": capability}) for entry in fresh]
    values = [finding for finding in moved(golden, fresh)["params"] if finding.kind == "value"]
    assert {finding.allowed for finding in values} == {0.0}
    assert len(values) == 5


@pytest.mark.parametrize("capability", ["AVX2", "NEON"])
def test_a_population_proxy_is_held_to_its_parts_on_any_machine(golden, capability):
    """Two near scores that change places change ranks: another kind of machine may, its own may not."""
    entry = one(golden, "rank_sum")
    low, high = sorted(range(5), key=entry.column("part.nwot").__getitem__)[1:3]
    rows = [list(row) for row in entry.rows]
    part, score = entry.columns.index("part.nwot"), entry.columns.index("score")
    rows[low][part] = rows[high][part] * (1 + 1e-9)
    rows[low][score] += 1
    rows[high][score] -= 1
    flipped = replace(entry, rows=tuple(map(tuple, rows)))
    golden_near = [list(row) for row in entry.rows]
    golden_near[low][part] = rows[high][part] * (1 - 1e-9)
    near = replace(entry, rows=tuple(map(tuple, golden_near)))
    before, after = ([each if e is entry else e for e in golden] for each in (near, flipped))
    after = [replace(e, since={**e.since, "capability": capability}) for e in after]
    found = [f for f in moved(before, after).get("rank_sum", ()) if not f.where.startswith("score.")]
    assert {f.kind for f in found} == ({"value"} if capability == "AVX2" else set())
    # A rank that the parts do not give is found anywhere, golden or fresh.
    wrong = changed(before, "rank_sum", score=lambda score: score + 0.5)
    for pair, kind in (((wrong, before), "statistic"), ((before, wrong), "disagrees")):
        own = [replace(e, since={**e.since, "capability": capability}) for e in pair[1]]
        kinds = [f.kind for f in moved(pair[0], own)["rank_sum"] if f.where.endswith("score of its parts")]
        assert kinds == [kind] * 5


def test_rows_that_come_go_or_change_places_are_named(golden):
    entry = golden_operations(golden)
    for rows, where in (
        (entry.rows[:-1], "how many"),
        (entry.rows[::-1], "order"),
        ((*entry.rows[:-1], (9, *entry.rows[-1][1:])), "step 9"),
    ):
        off = [replace(e, rows=rows) if e is entry else e for e in golden]
        (findings,) = moved(golden, off).values()
        assert any(f.kind == "rows" and f.where.startswith(where) for f in findings)


def test_a_column_that_went_is_named(golden):
    (search,) = [entry for entry in golden if entry.task == "search"]
    off = replace(search, columns=search.columns[:-1], rows=tuple(row[:-1] for row in search.rows))
    (findings,) = moved(golden, [off]).values()
    assert ("rows", "column status", "there", "not there") in [
        (f.kind, f.where, f.golden, f.fresh) for f in findings
    ]


def test_missing_and_new_runs_are_named(golden):
    without = [entry for entry in golden if entry.method != "nwot"]
    assert [f.kind for f in moved(golden, without)["nwot"]] == ["missing"]
    assert [f.kind for f in moved(without, golden)["nwot"]] == ["new"]


def test_a_run_with_other_settings_stands_beside_the_one_it_differs_least_from(golden):
    (search,) = [entry for entry in golden if entry.task == "search"]
    far, near = (
        replace(search, settings={**search.settings, **more})
        for more in ({"order": "reverse", "proposals": 7}, {"proposals": 2})
    )
    found = compare([search], [far, near])
    assert [[(f.kind, f.where) for f in each.findings] for each in found if each.golden] == [
        [("settings", "proposals")]
    ]
    assert [each.fresh for each in found if not each.golden] == [far]


def test_rows_are_compared_where_only_a_digest_differs(golden):
    fresh = [
        replace(entry, settings={**entry.settings, "truth": "00"})
        for entry in changed(golden, "nwot", score=scaled(-1))
    ]
    found = moved(golden, fresh)
    assert [f.where for f in found["synflow"]] == ["truth"]
    assert {"settings", "value"} <= {f.kind for f in found["nwot"]}


def test_records_that_disagree_about_their_population_are_named(golden, tmp_path, monkeypatch):
    split = entries_of._split

    def off(entry, columns):
        own, shared = split(entry, columns)
        if entry.method == "synflow":
            shared = replace(shared, rows=shared.rows[::-1])
        return own, shared

    monkeypatch.setattr(entries_of, "_split", off)
    assert list(moved(golden, run(tmp_path, ARCHS))) == ["population of synflow"]


def test_golden_files_are_read_as_they_were_written(golden, tmp_path):
    files = goldens.write(tmp_path, [*golden, *of_tables(["nbmacro"], MACHINE)])
    assert [path.name for path in files] == [
        f"{task}-nbmacro.json" for task in ("arch_correlation", "op_correlation", "search", "tables")
    ]
    read = goldens.read(tmp_path)
    assert {entry.key for entry in read} == {
        entry.key for entry in [*golden, *of_tables(["nbmacro"], MACHINE)]
    }
    assert moved(golden, read).keys() == {"facts"}
    assert moved(golden, [entry for entry in read if entry.task != "tables"]) == {}
    lines = (tmp_path / "arch_correlation-nbmacro.json").read_text().splitlines()
    for row in one(golden, "nwot").rows:
        assert json.dumps(list(row)) in [line.strip().rstrip(",") for line in lines]


def test_writing_changes_only_the_files_that_must(golden, tmp_path):
    goldens.write(tmp_path, golden)
    read = goldens.read(tmp_path)
    assert goldens.write(tmp_path, reversed(read)) == []
    (changed_file,) = goldens.write(tmp_path, changed(read, "nwot", score=scaled(2)))
    assert changed_file.name == "arch_correlation-nbmacro.json"
    gone = goldens.write(tmp_path, [entry for entry in read if entry.task == "search"])
    assert [path.name for path in gone] == ["arch_correlation-nbmacro.json", "op_correlation-nbmacro.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["search-nbmacro.json"]


def damage(text, content):
    yield text[: len(text) // 2], "damaged"
    yield "[]", "damaged"
    yield json.dumps(content | {"format": 7}), "format 7"
    yield json.dumps(content | {"space": "nb201"}), "it holds arch_correlation of nb201"
    first, *others = content["entries"]
    for name in first:
        less = {key: value for key, value in first.items() if key != name}
        yield json.dumps(content | {"entries": [less, *others]}), f"it lacks '{name}'"
    yield json.dumps(content | {"origins": {}}), "it lacks"
    short = first | {"rows": [row[:-1] for row in first["rows"]]}
    yield json.dumps(content | {"entries": [short]}), "another length"
    yield json.dumps(content | {"entries": [first | {"settings": []}]}), "have no names"


def test_a_damaged_golden_file_is_told_in_one_sentence(golden, tmp_path):
    goldens.write(tmp_path, [entry for entry in golden if entry.task == "arch_correlation"])
    path = tmp_path / "arch_correlation-nbmacro.json"
    text = path.read_text()
    for broken, told in damage(text, json.loads(text)):
        path.write_text(broken)
        with pytest.raises(ResultsError) as error:
            goldens.read(tmp_path)
        assert str(path) in str(error.value)
        assert told in str(error.value)
        assert "\n" not in str(error.value)


def test_what_moved_is_told_with_its_values_and_since_when(golden):
    since = {**MACHINE, "capability": "AVX512"}
    fresh = [replace(entry, since=since) for entry in changed(golden, "population", params=scaled(3))]
    text = "\n".join(regression_lines(compare([replace(e, since=MACHINE) for e in golden], fresh)))
    assert "arch_correlation nbmacro cifar10_test_50 population seed=0" in text
    assert (
        "golden since 1.0, commit c0ffee0, 'as it was', on x86_64, a CPU, AVX2, 2, cpu (another kind" in text
    )
    first = one(golden, "population")
    params = first.column("params")
    for arch, number in zip(first.column("arch"), params, strict=True):
        told = (
            f"value: {arch}, params: golden {number}, fresh {3 * number}, relative difference 0.67 (must be"
        )
        assert told in text
    assert " more that moved less or as much" not in text.split("population seed=0")[0]
    assert text.splitlines()[-1].startswith(f"1 of {len(golden)} entries")


def test_the_worst_are_told_and_the_others_counted(golden):
    numbers = iter(range(1, 99))
    fresh = changed(golden, "params", score=lambda score: score + next(numbers) * (score < 10**9))
    values = [f for f in moved(golden, fresh)["params"] if f.kind == "value"]
    text = "\n".join(regression_lines(compare(golden, fresh)))
    assert sum(f"  value: {f.where}" in text for f in values) == len(values) == WORST
    more = len(moved(golden, fresh)["params"]) - WORST
    assert more > 0
    assert f"and {more} more that moved less or as much" in text


def test_runs_that_changed_alike_are_told_together(golden):
    fresh = [replace(entry, settings={**entry.settings, "batch_size": 8}) for entry in golden]
    text = "\n".join(regression_lines(compare(golden, [e for e in fresh if e.task == "arch_correlation"])))
    assert (
        "4 runs of nwot, params, rank_sum, synflow\n  settings: have other settings: batch_size: golden 4"
        in text
    )
    assert "the run of zero_cost_pt-synflow\n  missing: was not run" in text
    assert regression_lines(compare(golden, golden))[-1].startswith("Nothing moved: 7 entries")


def test_only_what_moved_is_recorded_anew(golden):
    new = {**MACHINE, "reason": "another sign"}
    fresh = [
        replace(entry, since=new)
        for entry in changed(golden, "synflow", score=scaled(-1))
        if entry.task != "search"
    ]
    after = accepted(compare(golden, fresh))
    assert {e.method: e.since["reason"] for e in after if e.task == "arch_correlation"} == {
        "nwot": "as it was",
        "params": "as it was",
        "population": "as it was",
        "rank_sum": "as it was",
        "synflow": "another sign",
    }
    assert {entry.task for entry in after} == {"arch_correlation", "op_correlation"}
    assert moved(after, fresh).keys() <= {"synflow"}
    assert changes(golden, after) == "Recorded: 0 new, 1 changed, 1 gone; 5 kept as they were."


def test_what_is_computed_with_a_population_is_recorded_anew_with_it(golden):
    new = {**MACHINE, "reason": "more parameters"}
    fresh = [replace(e, since=new) for e in changed(golden, "population", params=lambda n: n * n + 1)]
    after = accepted(compare(golden, fresh))
    assert {entry.since["reason"] for entry in after if entry.task == "arch_correlation"} == {
        "more parameters"
    }
    assert {entry.since["reason"] for entry in after if entry.task != "arch_correlation"} == {"as it was"}
