"""Agreement over distinct, connected and all architectures against a join by canonical string."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from harness import benchmarks, spaces, stats
from harness.records import Run
from harness.reports.analysis.groups import collect
from harness.reports.tables import subpopulations

LABELS = {"nb201": "cifar10_test_200", "nbmacro": "cifar10_test_50", "nb1shot1_1": "cifar10_test_108"}


@cache
def listed(space):
    """Every architecture of a space with its canonical string and accuracy."""
    loaded = spaces.load(space)
    return pd.DataFrame(
        {
            "arch": [loaded.format(arch) for arch in loaded.listing()],
            "canonical": [loaded.canonical(arch) for arch in loaded.listing()],
            "connected": [loaded.connected(arch) for arch in loaded.listing()],
            "accuracy": benchmarks.load(space).values(loaded.listing(), LABELS[space]),
        }
    )


def population(space="nb201", count=80, seed=0, distinct=True):
    frame = listed(space).sample(3 * count, random_state=seed)
    if distinct:
        frame = frame.drop_duplicates("canonical")
    frame = frame.head(count).sort_values("arch").reset_index(drop=True)
    return frame.assign(params=np.random.default_rng(seed).integers(1000, 1030, len(frame)))


def write(results, method, frame, scores, seed=0, space="nb201", digest=None):
    """A record of these scores; NaN is a failure."""
    rows = frame.assign(score=scores, reason=None)
    rows["status"] = np.where(np.isfinite(rows["score"]), "ok", "disconnected")
    statistics = stats.architecture_agreement(rows, resamples=0)
    known = benchmarks.load(space).digest(LABELS[space]) if space in LABELS else "ab" * 32
    run = Run(
        "arch_correlation", space, LABELS.get(space, "accuracy"), method, seed, {"truth": digest or known}
    )
    results.store.write(run, "ok", None, rows, statistics, {"commit": "c0ffee"}, {}, {"seconds": 1.0})
    return rows


def noisy(frame, seed, failures=0):
    """Scores with ties, some of the rows failed."""
    rng = np.random.default_rng(seed)
    scores = np.round(frame["accuracy"] + rng.normal(0, 4, len(frame)))
    scores[rng.choice(len(frame), failures, replace=False)] = np.nan
    return scores


def made(results):
    return subpopulations.tables(collect(results.root))


def found(table, row):
    cells = next(each.cells for each in table.rows if each.cells[0].text == row)
    return dict(zip((column.title for column in table.columns), cells, strict=True))


def expected(rows, column="score", space="nb201"):
    """By set: tau, tau with failures last, and the note, of one run."""
    first = rows.drop_duplicates("canonical")
    whole = listed(space).merge(first[["canonical", column]], on="canonical") if space in LABELS else first
    result = {}
    for name, each in (("distinct", first), ("connected", first[first["connected"]]), ("all", whole)):
        ok = each[each[column].notna()]
        last = each[column].fillna(-1e9)
        tied = int(ok[column].duplicated(keep=False).sum())
        result[name] = (
            kendalltau(ok[column], ok["accuracy"]).statistic,
            kendalltau(last, each["accuracy"]).statistic,
            f"n {len(ok):,}, {tied:,} tied, {len(each) - len(ok):,} without a score",
            f"n {len(each):,}",
        )
    return result


@pytest.mark.parametrize("column", ["score", "params"])
def test_every_set_on_nb201(results, column):
    frame = population()
    rows = write(results, "nwot", frame, noisy(frame, 1, failures=9))
    assert not frame["connected"].all()
    (table,) = made(results)
    cells = found(table, "nwot" if column == "score" else "parameters")
    oracle = expected(rows, column)
    for name, (tau, last, note, total) in oracle.items():
        assert cells[f"τ, {name}"].sort == pytest.approx(tau, abs=1e-12)
        assert cells[f"τ, {name}"].note == note
        assert cells[f"τ, {name}, failures last"].sort == pytest.approx(last, abs=1e-12)
        assert cells[f"τ, {name}, failures last"].note == total
    assert len({round(numbers[0], 6) for numbers in oracle.values()}) == 3
    assert "among the 15,625 that the space lists" in " ".join(table.caption)


def test_distinct_is_what_was_recorded(results):
    frame = population()
    write(results, "nwot", frame, noisy(frame, 2, failures=5))
    recorded = next(results.store.records()).statistics["score"]
    cells = found(made(results)[0], "nwot")
    assert cells["τ, distinct"].sort == pytest.approx(recorded["kendall"], abs=1e-12)
    assert cells["τ, distinct, failures last"].sort == pytest.approx(
        recorded["kendall_failures_last"], abs=1e-12
    )


def test_of_equal_networks_in_a_record_the_first_counts(results):
    frame = population("nbmacro", count=300, distinct=False)
    rows = write(results, "nwot", frame, noisy(frame, 3, failures=20), space="nbmacro")
    assert frame["canonical"].duplicated().sum() > 5
    cells = found(made(results)[0], "nwot")
    oracle = expected(rows, space="nbmacro")
    for name in ("distinct", "all"):
        assert cells[f"τ, {name}"].sort == pytest.approx(oracle[name][0], abs=1e-12)
        assert cells[f"τ, {name}"].note == oracle[name][2]


def test_means_and_counts_over_seeds(results):
    oracles = []
    for seed in (0, 1):
        frame = population(seed=seed)
        oracles.append(expected(write(results, "nwot", frame, noisy(frame, seed, failures=4 + seed), seed)))
    cells = found(made(results)[0], "nwot")
    taus = [oracle["all"][0] for oracle in oracles]
    assert cells["τ, all"].text == f"{np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}".replace("-", "−")
    assert cells["τ, distinct"].note.startswith("n 75–76, ")
    assert cells["τ, distinct"].note.endswith("4–5 without a score")
    assert cells["Seeds"].text == "2"


def test_no_column_of_connected_ones_where_all_are(results):
    frame = population("nbmacro")
    write(results, "nwot", frame, noisy(frame, 1), space="nbmacro")
    (table,) = made(results)
    titles = [column.title for column in table.columns]
    assert "τ, distinct" in titles
    assert not any("connected" in title for title in titles)
    assert "All of them have a path from input to output." in table.caption


def test_cells_that_the_space_does_not_list_are_not_of_the_space(results):
    space, table = spaces.load("nb1shot1_1"), benchmarks.load("nb1shot1_1")
    frame = population("nb1shot1_1", count=40)
    outside = next(
        arch for arch in space.encodings() if space.key(arch) not in set(map(space.key, space.listing()))
    )
    extra = {
        "arch": space.format(outside),
        "canonical": space.canonical(outside),
        "connected": True,
        "accuracy": table.value(outside, LABELS["nb1shot1_1"]),
        "params": 1,
    }
    frame = pd.concat([frame, pd.DataFrame([extra])], ignore_index=True)
    rows = write(results, "nwot", frame, noisy(frame, 1), space="nb1shot1_1")
    cells = found(made(results)[0], "nwot")
    oracle = expected(rows, space="nb1shot1_1")
    assert cells["τ, distinct"].note == oracle["distinct"][2]
    assert cells["τ, all"].note == oracle["all"][2]
    assert cells["τ, all"].sort == pytest.approx(oracle["all"][0], abs=1e-12)


@pytest.mark.parametrize(
    ("space", "digest", "why"),
    [
        ("toy", None, "there is no table of toy with this label"),
        ("nb201", "cd" * 32, "the accuracies of nwot came from another table (cdcdcdcd)"),
    ],
)
def test_without_the_table_the_space_is_left_out_with_a_reason(results, space, digest, why):
    frame = population()
    rows = write(results, "nwot", frame, noisy(frame, 1, failures=3), space=space, digest=digest)
    (table,) = made(results)
    assert not any("all" in column.title for column in table.columns)
    assert f"Not over all architectures of the space: {why}" in " ".join(table.caption)
    assert found(table, "nwot")["τ, connected"].sort == pytest.approx(
        expected(rows)["connected"][0], abs=1e-12
    )


def test_undefined_stands_last_and_says_so(results):
    frame = population()
    write(results, "constant", frame, np.ones(80))
    write(results, "falling", frame, -frame["accuracy"])
    (table,) = made(results)
    assert table.rows[-1].cells[0].text == "constant"
    assert found(table, "constant")["τ, distinct"].note == "n 80, 80 tied, 0 without a score, undefined"
    order = [row.cells[1].sort for row in table.rows[:-1]]
    assert order == sorted(order, reverse=True)


def test_records_without_canonical_strings_have_no_table(results):
    results.arch()
    results.fail()
    assert made(results) == ()
