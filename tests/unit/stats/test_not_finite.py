"""Values that are NaN or infinite: no statistic makes a number of them, and few rows are told as many are."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import stats

SIZES = (5, 100, 500)
NOT_FINITE = (np.nan, np.inf, -np.inf)


def columns(size, value, which, row):
    rng = np.random.default_rng(size)
    made = {"x": rng.normal(size=size), "y": rng.uniform(1, 99, size), "z": rng.normal(size=size)}
    made[which][row % size] = value
    return made["x"], made["y"], made["z"]


def _seeds(x, y, z):
    kept = np.isfinite(x) & np.isfinite(y)
    found, alone = stats.difference_over_seeds(x, y), stats.difference_over_seeds(x[kept], y[kept])
    assert asdict(found) == asdict(alone)


def _ranks(x, y, z):
    for column in (x, y):
        assert np.isnan(stats.ranks(column)).all() == np.isnan(column).any()


def _rank_of(x, y, z):
    assert (stats.rank_of(x[0], y) is None) == bool(np.isnan(x[0]) or np.isnan(y).any())


def _top_decile(x, y, z):
    known = ~np.isnan(y)
    assert stats.top_decile(y)[known].tolist() == stats.top_decile(y[known]).tolist()
    assert not stats.top_decile(y)[~known].any()


def _top(statistic):
    def check(x, y, z):
        assert (statistic(x, y, 3) is None) == bool(np.isnan(x).any() or np.isnan(y).any())

    return check


def _undefined(statistic):
    def check(x, y, z):
        finite = np.isfinite(x).all() and np.isfinite(y).all()
        assert (statistic(x, y) is not None) == finite

    return check


def _partial(statistic):
    def check(x, y, z):
        finite = np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(z).all()
        assert (statistic(x, y, [z]) is not None) == finite

    return check


def _reason(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all()
    why = stats.undefined_reason(x, y)
    assert why is None if finite else why.startswith("1 of ")
    assert finite or why.endswith("are not finite")


def _agreement(x, y, z):
    known, valid = np.isfinite(y), np.isfinite(x)
    found = stats.agreement(x, y, resamples=0, params=z)
    alone = stats.agreement(x[known], y[known], valid[known], resamples=0, params=z[known])
    assert (found.n, found.n_total) == ((known & valid).sum(), known.sum())
    assert (found.kendall, found.best_of, found.rank_top_1) == (
        alone.kendall, alone.best_of, alone.rank_top_1,
    )  # fmt: skip


def _population(x, y, z):
    ok = np.where(np.isfinite(x), "ok", "nan")
    found = stats.architecture_agreement({"accuracy": y, "score": x, "status": ok}, 0)["score"]
    assert found["n"] == (np.isfinite(x) & np.isfinite(y)).sum()


def _best_of_n(x, y, z):
    assert bool(stats.best_of_n(x, y, [2])) == np.isfinite(y).all()


def _expected_highest(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all()
    assert np.isfinite(stats.expected_highest(x, y, 2)) == finite


def _resampled(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all()
    for values in stats.resampled(x, y, resamples=5).values():
        assert finite or (len(values) == 5 and np.isnan(values).all())


def _intervals(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all()
    assert bool(stats.rank_intervals(x, y, ["kendall"], resamples=5)) == (finite and len(x) >= 10)


def _over_architectures(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(z).all()
    found = stats.difference_over_architectures([stats.PairedScores(x, z, y)], resamples=5)
    assert (found.value is not None) == finite
    assert finite or "not finite" in found.reason


def _average_ranks(x, y, z):
    values = np.column_stack([x, y, z])
    assert stats.average_ranks(values).dropped == (~np.isfinite(values)).any(axis=1).sum()


def _mean(x, y, z):
    found, kept = stats.mean_with_interval(x), stats.mean_with_interval(x[np.isfinite(x)])
    assert (found["mean"], found["n"]) == (kept["mean"], kept["n"])


def _percentiles(x, y, z):
    assert stats.percentile_interval(x) == stats.percentile_interval(x[np.isfinite(x)])


def _ceiling(x, y, z):
    kept = np.isfinite(x) & np.isfinite(y)
    found = stats.ceiling(np.column_stack([x, y]))
    assert (found["kendall"], found["n"]) == (stats.kendall(x[kept], y[kept]), kept.sum())


def _dropped(x, y, z):
    finite = np.isfinite(x).all() and np.isfinite(y).all()
    found = stats.dropped_first(x, y, np.zeros(len(x)), 2)
    assert (found.mean_rank is not None) == finite


def _holm(x, y, z):
    told = [0.01, float("nan"), 0.04, None]
    assert stats.holm(told) == [0.02, None, 0.04, None]


def _operations(x, y, z):
    size = len(x)
    told = {
        "step": np.zeros(size), "decision": np.array(["edge"] * size), "score": x, "avg_acc": y,
        "kind": np.array(["operation"] * size), "status": np.array(["ok"] * size),
        "best_acc": y, "best_acc_remaining": y, "avg_acc_remaining": y,
    }  # fmt: skip
    kept = np.isfinite(x) & np.isfinite(y)
    mean = stats.operation_agreement(told)["mean"]["avg_acc"]
    assert mean["kendall"] == stats.kendall(x[kept], y[kept])
    assert (stats.operations_dropped(told)["reason"] is None) == kept.all()


def _left(x, y, z):
    known = np.isfinite(x)
    found = stats.left(x, np.ones(len(x), bool))
    assert (found["architectures"], found["best"]) == (known.sum(), max(x[known], default=None))


def _matrix(x, y, z):
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = x[0]
    assert np.isfinite(stats.partial(matrix)) == (np.isfinite(x[0]))


def _interval(x, y, z):
    kept = np.isfinite(x) & np.isfinite(y)
    found, alone = stats.kendall_interval(x, y), stats.kendall_interval(x[kept], y[kept])
    assert asdict(found) == asdict(alone)


def _front(x, y, z):
    kept = np.isfinite(x) & np.isfinite(y)
    front = stats.pareto_front(x, y)
    assert front[kept].tolist() == stats.pareto_front(x[kept], y[kept]).tolist()
    assert not front[~kept].any()


def _hypervolume(x, y, z):
    kept = np.isfinite(x) & np.isfinite(y)
    found, alone = stats.hypervolume(x, y, (-3.0, 99.0)), stats.hypervolume(x[kept], y[kept], (-3.0, 99.0))
    assert found == alone > 0


def _candidates(x, y, z):
    kept = np.isfinite(x)
    found = stats.ranks_of_candidates(x)
    assert found[kept].tolist() == stats.ranks_of_candidates(x[kept]).tolist()
    assert np.isnan(found[~kept]).all()


def _standardised(x, y, z):
    kept = np.isfinite(x)
    found = stats.standardised(x)
    assert found[kept].tolist() == stats.standardised(x[kept]).tolist()
    assert np.isnan(found[~kept]).all()


def _crossed(x, y, z):
    x, y = x[:40], y[:40]
    kept = np.isfinite(x)
    levels = {"a": [row // 4 for row in range(len(x))], "b": [row % 4 for row in range(len(x))]}
    left = {name: np.array(each)[kept] for name, each in levels.items()}
    assert stats.crossed_variance(x, levels, {"b"}) == stats.crossed_variance(x[kept], left, {"b"})


CHECKS = {
    "agreement": _agreement,
    "architecture_agreement": _population,
    "average_ranks": _average_ranks,
    "best_of_n": _best_of_n,
    "best_of_top": _top(stats.best_of_top),
    "ceiling": _ceiling,
    "crossed_variance": _crossed,
    "difference_over_architectures": _over_architectures,
    "difference_over_seeds": _seeds,
    "dropped_first": _dropped,
    "expected_highest": _expected_highest,
    "holm": _holm,
    "hypervolume": _hypervolume,
    "kendall": _undefined(stats.kendall),
    "kendall_c": _undefined(stats.kendall_c),
    "kendall_interval": _interval,
    "kendall_weighted": _undefined(stats.kendall_weighted),
    "left": _left,
    "mean_with_interval": _mean,
    "ndcg": _undefined(stats.ndcg),
    "operation_agreement": _operations,
    "operations_dropped": _operations,
    "pareto_front": _front,
    "partial": _matrix,
    "partial_kendall": _partial(stats.partial_kendall),
    "partial_spearman": _partial(stats.partial_spearman),
    "pearson": _undefined(stats.pearson),
    "percentile_interval": _percentiles,
    "rank_intervals": _intervals,
    "rank_of": _rank_of,
    "ranks": _ranks,
    "ranks_of_candidates": _candidates,
    "resampled": _resampled,
    "spearman": _undefined(stats.spearman),
    "standardised": _standardised,
    "top_decile": _top_decile,
    "top_overlap": _top(stats.top_overlap),
    "top_precision": _top(stats.top_precision),
    "undefined_reason": _reason,
}
NO_STATISTICS = {
    "RESAMPLES", "Agreement", "AverageRanks", "Difference", "Dropped", "FrontFound", "Kendall",
    "PairedScores", "TrueFront",
}  # fmt: skip


def test_every_public_statistic_is_here():
    assert set(CHECKS) == set(stats.__all__) - NO_STATISTICS


@pytest.mark.parametrize("name", CHECKS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    size=st.sampled_from(SIZES),
    value=st.sampled_from((*NOT_FINITE, 0.5)),
    which=st.sampled_from("xyz"),
    row=st.integers(0, 500),
)
def test_what_is_not_finite_is_left_out_or_undefined(name, size, value, which, row):
    CHECKS[name](*columns(size, value, which, row))


@pytest.mark.parametrize("size", [5, 255, 256, 257, 500])
@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("which", ["x", "y"])
def test_kendall_of_a_value_that_is_none_is_none_whatever_the_size(size, value, which):
    x, y, _ = columns(size, value, which, 3)
    assert stats.kendall(x, y) is None
    assert stats.spearman(x, y) is None
