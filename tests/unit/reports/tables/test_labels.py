"""The table of labels against SciPy on columns joined by name, and what it leaves out."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from harness import benchmarks, spaces, stats
from harness.records import Run
from harness.reports.analysis.groups import collect
from harness.reports.tables import labels

OWN = "cifar10_test_200"


def population(space="nb201", count=60, seed=0, label=OWN):
    """Rows of a run without its scores."""
    loaded, table = spaces.load(space), benchmarks.load(space)
    rng = np.random.default_rng(seed)
    archs = [
        loaded.listing()[index] for index in sorted(rng.choice(len(loaded.listing()), count, replace=False))
    ]
    return pd.DataFrame(
        {
            "arch": [loaded.format(arch) for arch in archs],
            "canonical": [loaded.canonical(arch) for arch in archs],
            "connected": [loaded.connected(arch) for arch in archs],
            "accuracy": table.values(archs, label),
            "params": rng.integers(1000, 1020, count),
            "flops": rng.integers(1000, 9000, count),
            "operations": [loaded.non_identity_operations(arch) for arch in archs],
        }
    )


def write(results, method, frame, scores, seed=0, space="nb201", label=OWN, digest=None):
    """A record of these scores; NaN is a failure."""
    rows = frame.assign(score=scores, reason=None)
    rows["status"] = np.where(np.isfinite(rows["score"]), "ok", "disconnected")
    statistics = stats.architecture_agreement(rows, resamples=0)
    settings = {"truth": digest or benchmarks.load(space).digest(label), "population": len(rows)}
    run = Run("arch_correlation", space, label, method, seed, settings)
    results.store.write(run, "ok", None, rows, statistics, {"commit": "c0ffee"}, {}, {"seconds": 1.0})
    return rows


def noisy(frame, seed, failures=0, digits=0):
    """Scores with ties, the first rows failed."""
    scores = np.round(frame["accuracy"] + np.random.default_rng(seed).normal(0, 4, len(frame)), digits)
    scores[:failures] = np.nan
    return scores


def made(results):
    return labels.tables(collect(results.root))


def found(table, row):
    """Cells of a row by the title of their column."""
    cells = next(each.cells for each in table.rows if each.cells[0].text == row)
    return dict(zip((column.title for column in table.columns), cells, strict=True))


def shown(values):
    text = f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")
    return text.replace("-", "−")


@cache
def accuracy_by_name(label, space="nb201"):
    table = benchmarks.load(space)
    names = [table.space.format(arch) for arch in table.architectures]
    return pd.Series(table.values(table.space.listing(), label), index=names, name="truth")


def test_every_cell_is_scipys_tau_over_those_that_have_both(results):
    runs = {}
    for seed in (0, 1):
        frame = population(seed=seed)
        runs[seed] = write(results, "nwot", frame, noisy(frame, seed, failures=3 + seed), seed)
    (table,) = made(results)
    dataset = [
        label
        for label in benchmarks.load("nb201").labels.values()
        if (label.dataset, label.metric) == ("cifar10", "accuracy")
    ]
    assert len(dataset) == 10
    incomplete = 0
    for label in dataset:
        title = label.name.removeprefix("cifar10_") + " (own)" * (label.name == OWN)
        for row, column in (("nwot", "score"), ("parameters", "params"), ("FLOPs", "flops")):
            taus, counts = [], []
            for rows in runs.values():
                joined = rows.join(accuracy_by_name(label.name), on="arch")
                joined = joined[["truth", column]].dropna()
                taus.append(kendalltau(joined[column], joined["truth"]).statistic)
                counts.append(len(joined))
            cell = found(table, row)[title]
            assert cell.text == shown(taus), (label.name, row)
            ends = sorted(set(counts))
            assert f"n {'–'.join(map(str, ends))}" in cell.note.split(", ")
            incomplete += max(counts) < 56
    assert incomplete > 3  # runs 2 and 3 do not exist for all


def test_the_own_label_comes_first_and_is_the_recorded_tau(results):
    frame = population(label="cifar10_valid_12")
    write(results, "nwot", frame, noisy(frame, 1), label="cifar10_valid_12")
    (table,) = made(results)
    assert table.columns[1].title == "valid_12 (own)"
    assert [column.title for column in table.columns].count("valid_12") == 0
    tau = next(results.store.records()).statistics["score"]["kendall"]
    assert found(table, "nwot")["valid_12 (own)"].sort == pytest.approx(tau, abs=1e-12)


def test_counts_ties_and_seeds(results):
    frame = population()
    rows = write(results, "nwot", frame, noisy(frame, 3, failures=4))
    cells = found(made(results)[0], "nwot")
    valid = rows["score"].dropna()
    assert cells["Scored"].text == "56 / 60"
    assert cells["Tied"].text == str(int(valid.duplicated(keep=False).sum()))
    assert int(cells["Tied"].text) > 0
    assert cells["Seeds"].text == "1"


def test_the_best_proxy_changes_with_the_label(results):
    frame = population()
    late = frame["accuracy"]
    early = frame["arch"].map(accuracy_by_name("cifar10_test_12"))
    write(results, "late", frame, late)
    write(results, "early", frame, early)
    (table,) = made(results)
    best = {
        column.title: [row.cells[0].text for row in table.rows if "best proxy" in row.cells[index].note]
        for index, column in enumerate(table.columns)
    }
    assert best["test_200 (own)"] == best["test_200_v1_1_max"] == ["late"]
    assert best["test_12"] == ["early"]
    assert not best["Score"]
    assert not best["Seeds"]
    words = " ".join(table.caption)
    assert "The best proxy hangs on the label: late with " in words
    assert "early with test_12" in words
    order = [row.cells[0].text for row in table.rows]
    assert order[:2] == ["late", "early"]
    own = [row.cells[1].sort for row in table.rows]
    assert own == sorted(own, reverse=True)


def test_one_best_proxy_whatever_the_label(results):
    frame = population()
    write(results, "good", frame, noisy(frame, 1, digits=3))
    write(results, "bad", frame, -frame["accuracy"])
    (table,) = made(results)
    assert "The best proxy is good whatever the label." in table.caption


def test_a_single_proxy_is_best_of_nothing_and_equals_share_it(results):
    frame = population()
    write(results, "one", frame, noisy(frame, 1))
    (table,) = made(results)
    assert "best proxy" not in "".join(cell.note for row in table.rows for cell in row.cells)
    write(results, "two", frame, noisy(frame, 1))
    groups = collect(results.root)
    table = benchmarks.load("nb201")
    found = labels.lines(groups, table, labels.labels_of_dataset(table, OWN))
    assert set(labels.best_proxies(found, OWN)) == {"one", "two"}


def test_an_undefined_tau_says_so_and_stands_last(results):
    frame = population()
    write(results, "constant", frame, np.ones(60))
    write(results, "falling", frame, -frame["accuracy"])
    (table,) = made(results)
    assert table.rows[-1].cells[0].text == "constant"
    cell = found(table, "constant")["test_12"]
    assert (cell.text, cell.sort, cell.note) == ("–", None, "n 60, undefined")


def test_every_label_is_explained_from_the_manifest(results):
    frame = population()
    write(results, "nwot", frame, noisy(frame, 1))
    words = " ".join(made(results)[0].caption)
    for label in benchmarks.load("nb201").labels.values():
        told = f"{label.name}: {label.split} split, {label.epochs} epochs, {label.runs}." in words
        assert told == ((label.dataset, label.metric) == ("cifar10", "accuracy"))


def test_other_populations_have_a_table_of_their_own(results):
    one, other = population(seed=0), population(seed=5, count=40)
    write(results, "nwot", one, noisy(one, 1))
    write(results, "snip", one, noisy(one, 2))
    write(results, "fisher", other, noisy(other, 3))
    first, second = made(results)
    assert first.title.endswith("set 1 of 2")
    assert {row.cells[0].text for row in second.rows if row.kind == "method"} == {"fisher"}
    assert found(second, "fisher")["Scored"].text == "40 / 40"


def test_accuracies_of_another_table_are_left_out_and_told(results):
    frame = population()
    write(results, "nwot", frame, noisy(frame, 1))
    write(results, "old", frame, noisy(frame, 2), digest="ab" * 32)
    (table,) = made(results)
    assert [row.cells[0].text for row in table.rows if row.kind == "method"] == ["nwot"]
    assert "Left out, run them again: the accuracies of old came from another table (abababab)" in (
        " ".join(table.caption)
    )


def test_no_other_label_no_table(results):
    frame = population("nb1shot1_1", label="cifar10_test_108")
    write(results, "nwot", frame, noisy(frame, 1), space="nb1shot1_1", label="cifar10_test_108")
    assert made(results) == ()


def test_no_truth_no_table(results):
    results.arch()
    results.fail("fisher", 0)
    assert made(results) == ()
