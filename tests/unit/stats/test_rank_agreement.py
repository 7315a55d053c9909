"""Agreement: failures, ties, the top tenth, regret, and what is undefined."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr

from harness.stats import (
    agreement,
    architecture_agreement,
    best_of_n,
    kendall_c,
    kendall_weighted,
    ndcg,
    partial_kendall,
    partial_spearman,
    pearson,
    rank_intervals,
    top_overlap,
    top_precision,
)
from harness.stats.top_ranked import top_decile


def data(rows=400, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    truth = np.round(rng.normal(90, 3, rows), 2)
    return truth + rng.normal(0, noise, rows), truth


def test_against_scipy_on_the_ok_rows():
    scores, truth = data()
    ok = np.random.default_rng(1).random(len(scores)) < 0.8
    params = np.round(truth + np.random.default_rng(2).normal(0, 3, len(truth)))
    found = agreement(scores, truth, ok, params=params)
    assert found.kendall == pytest.approx(kendalltau(scores[ok], truth[ok]).statistic, abs=1e-12)
    assert found.spearman == pytest.approx(spearmanr(scores[ok], truth[ok]).statistic, abs=1e-12)
    assert (found.n, found.n_total) == (ok.sum(), len(scores))
    assert found.kendall_low < found.kendall < found.kendall_high
    assert found.spearman_low < found.spearman < found.spearman_high
    assert found.reasons == {}


def test_failures_last_is_the_correlation_with_a_score_below_all():
    scores, truth = data(60)
    ok = np.ones(60, dtype=bool)
    ok[[3, 10, 40]] = False
    replaced = np.where(ok, scores, scores.min() - 1)
    found = agreement(np.where(ok, scores, np.nan), truth, ok)
    assert found.kendall_failures_last == pytest.approx(kendalltau(replaced, truth).statistic, abs=1e-12)
    assert found.spearman_failures_last == pytest.approx(spearmanr(replaced, truth).statistic, abs=1e-12)
    assert found.kendall_failures_last != found.kendall


def test_a_failure_never_enters_as_a_number():
    scores, truth = data(80)
    ok = np.arange(80) % 4 != 0
    small, large = (agreement(np.where(ok, scores, value), truth, ok) for value in (-1e8, 1e8))
    assert small == large


def test_scores_that_are_not_finite_are_failures_whatever_ok_says():
    scores, truth = data(50)
    scores[[0, 1, 2]] = np.nan, np.inf, -np.inf
    found = agreement(scores, truth, np.ones(50, dtype=bool))
    assert (found.n, found.n_total) == (47, 50)
    assert found == agreement(scores, truth)


def test_rows_without_a_truth_count_nowhere():
    scores, truth = data(50)
    without = agreement(scores[:40], truth[:40])
    truth[40:] = np.nan
    assert agreement(scores, truth) == without


def test_ties_are_rows_that_share_their_score():
    found = agreement(np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0]), np.arange(6.0))
    assert found.ties_in_scores == 5
    assert agreement(np.arange(6.0), np.arange(6.0)).ties_in_scores == 0


def test_top_decile_is_rounded_up_and_keeps_its_ties():
    assert top_decile(np.arange(21.0)).sum() == 3
    assert top_decile(np.array([1.0] * 5 + [2.0] * 5)).sum() == 5
    assert top_decile(np.zeros(0)).sum() == 0
    scores, truth = data(500)
    best = np.argsort(-truth, kind="stable")[:50]
    best = truth >= truth[best].min()
    found = agreement(scores, truth)
    assert found.n_top_decile == best.sum()
    assert found.kendall_top_decile == pytest.approx(kendalltau(scores[best], truth[best]).statistic)


def test_a_small_top_decile_has_no_tau():
    scores, truth = np.arange(91.0), np.arange(91.0)
    assert agreement(scores, truth).kendall_top_decile == 1.0
    found = agreement(scores[:90], truth[:90])
    assert found.kendall_top_decile is None
    assert found.n_top_decile == 9
    assert "fewer than 10 rows in the top decile (9)" in found.reasons["kendall_top_decile"]


def test_regret_of_the_highest_scored():
    truth = np.array([90.0, 94.0, 92.0, 91.0] + [80.0] * 8)
    scores = np.array([5.0, 1.0, 4.0, 5.0, *np.linspace(0.0, 0.9, 8)])
    found = agreement(scores, truth)
    assert found.regret_top_1 == 4.0  # two share the highest score, the worse counts
    assert found.regret_top_10 == 0.0


def test_regret_counts_from_the_best_of_all_also_where_the_best_failed():
    truth, scores = np.array([94.0, 90.0, 80.0]), np.array([np.nan, 2.0, 1.0])
    assert agreement(scores, truth).regret_top_1 == 4.0


@pytest.mark.parametrize(
    ("scores", "truth", "words"),
    [
        ([], [], "fewer than 2"),
        ([1.0], [1.0], "fewer than 2"),
        ([math.nan, math.nan, 1.0], [1.0, 2.0, 3.0], "fewer than 2"),
        ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], "scores are equal"),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], "true values are equal"),
    ],
)
def test_undefined_is_none_with_a_reason(scores, truth, words):
    found = agreement(np.array(scores), np.array(truth))
    assert found.kendall is None
    assert found.spearman is None
    assert found.kendall_low is None
    assert words in found.reasons["kendall"]
    assert words in found.reasons["spearman"]


def test_every_undefined_number_has_a_reason_and_no_other():
    found = agreement(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])).as_dict()
    undefined = {key for key, value in found.items() if value is None and not key.endswith(("_low", "_high"))}
    expected = {"kendall_top_decile", "kendall_given_params", "spearman_given_params"}
    expected |= {f"{name}_top_10" for name in ("regret", "rank", "overlap", "precision")}
    assert undefined == set(found["reasons"]) == expected
    assert all(found["reasons"].values())


def test_is_plain_json_and_leaves_its_arguments_alone():
    scores, truth = data(30)
    ok = np.ones(30, dtype=bool)
    scores[0] = np.nan
    copies = scores.copy(), truth.copy(), ok.copy()
    json.dumps(agreement(scores, truth, ok).as_dict(), allow_nan=False)
    for given, copy in zip((scores, truth, ok), copies, strict=True):
        np.testing.assert_array_equal(given, copy)


def test_columns_of_different_length():
    with pytest.raises(ValueError, match="equally long"):
        agreement(np.arange(3.0), np.arange(4.0))


def test_baselines_count_every_row_and_the_score_only_ok_ones():
    scores, truth = data(50)
    status = np.array(["ok"] * 45 + ["nan"] * 5)
    rows = pd.DataFrame({"score": scores, "status": status, "accuracy": truth, "params": range(50)})
    rows["flops"] = np.where(np.arange(50) < 10, np.nan, np.arange(50))
    found = architecture_agreement(rows, resamples=0)
    assert {name: each["n"] for name, each in found.items()} == {"score": 45, "params": 50, "flops": 40}
    assert found["params"]["kendall"] == pytest.approx(kendalltau(range(50), truth).statistic)
    assert found["score"]["kendall_low"] is None
    assert architecture_agreement(rows)["score"]["kendall_low"] is not None


def test_every_other_number_is_its_functions():
    scores, truth = data(300)
    scores[:7] = np.nan
    ok = np.isfinite(scores)
    found, x, y = agreement(scores, truth, resamples=30), scores[ok], truth[ok]
    assert found.kendall_c == pytest.approx(kendall_c(x, y))
    assert found.kendall_weighted == pytest.approx(kendall_weighted(x, y))
    assert found.pearson == pytest.approx(pearson(x, y))
    assert found.ndcg == pytest.approx(ndcg(x, y))
    assert found.overlap_top_10 == top_overlap(x, y, 10)
    assert found.precision_top_10 == top_precision(x, y, 10)
    assert found.best_of == best_of_n(scores, truth, (10, 100))
    for name, (low, high) in rank_intervals(x, y, resamples=30).items():
        assert (getattr(found, f"{name}_low"), getattr(found, f"{name}_high")) == pytest.approx((low, high))


def test_rank_of_the_best_among_the_highest_scored():
    truth = np.array([90.0, 94.0, 92.0, 91.0, 93.0] + [80.0] * 8)
    scores = np.array([5.0, np.nan, 4.0, 5.0, 0.5, *np.linspace(0.0, 0.3, 8)])
    found = agreement(scores, truth)
    assert (found.rank_top_1, found.rank_top_10) == (5, 2)
    assert (found.regret_top_1, found.regret_top_10) == (4.0, 1.0)


def test_what_is_left_once_size_is_taken_out():
    scores, truth = data(200)
    params = np.round(truth + np.random.default_rng(4).normal(0, 3, 200))
    found = agreement(scores, truth, resamples=60, params=params)
    assert found.kendall_given_params == partial_kendall(scores, truth, [params])
    assert found.spearman_given_params == partial_spearman(scores, truth, [params])
    assert found.kendall_given_params_low < found.kendall_given_params < found.kendall_given_params_high
    itself = agreement(params, truth, params=params)
    assert itself.kendall_given_params is itself.kendall_given_params_low is None
    assert "tells one of the two rankings" in itself.reasons["kendall_given_params"]
    equal = agreement(scores, truth, params=np.ones(200))
    assert "equally many parameters" in equal.reasons["spearman_given_params"]
    params[:50] = np.nan
    some = agreement(scores, truth, resamples=0, params=params)
    assert some.kendall_given_params == partial_kendall(scores[50:], truth[50:], [params[50:]])


def test_distinct_and_connected_networks_where_they_are_told_and_differ():
    scores, truth = data(60)
    rows = pd.DataFrame({"score": scores, "status": "ok", "accuracy": truth, "params": np.arange(60.0)})
    assert architecture_agreement(rows, resamples=0)["score"]["subsets"] == {}
    rows["canonical"], rows["connected"] = [f"network {i}" for i in range(60)], True
    assert architecture_agreement(rows, resamples=0)["score"]["subsets"] == {}
    rows.loc[50:, "canonical"] = "network 3"
    rows.loc[:4, "connected"] = False
    rows.loc[:4, ["score", "status"]] = np.nan, "disconnected"
    found = architecture_agreement(rows, resamples=0)
    distinct, connected = (found["params"]["subsets"][name] for name in ("distinct", "connected"))
    assert (distinct["n"], connected["n"], found["score"]["subsets"]["distinct"]["n"]) == (50, 55, 45)
    assert found["score"]["subsets"]["distinct"]["n_total"] == 50
    assert distinct["kendall"] == pytest.approx(kendalltau(range(50), truth[:50]).statistic)
    assert connected["spearman"] == pytest.approx(spearmanr(range(55), truth[5:]).statistic)
    assert connected["kendall_top_decile"] is None
