"""Dropped operations by hand, and against the published evaluation of NAS-Bench-201."""

from __future__ import annotations

import csv
import json
from collections import defaultdict

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.stats import dropped_first, left, ranks_of_candidates

LOWER_IS_BETTER = {"dartspt", "zc pt", "tenaspt", "synflow", "zc-pt-post"}


def test_by_hand_with_a_decision_that_keeps_its_last_candidate():
    scores = np.array([1.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    truth = np.array([50.0, 60.0, 90.0, 80.0, 70.0, 40.0])
    decisions = np.array(["first"] * 3 + ["second"] * 3)
    found = dropped_first(scores, truth, decisions, 3)
    assert found.rows == (0, 1, 5)  # row 2 scores less, but is the last of its decision
    assert found.ranks == (5, 4, 6)
    assert (found.mean_rank, found.ideal_mean_rank) == (5.0, 5.0)
    assert (found.kept_top, found.top, found.reason) == (3, 3, None)
    worst = dropped_first(-truth, truth, decisions, 4)
    assert worst.ranks == (1, 2, 3, 4)
    assert (worst.kept_top, worst.top, worst.mean_rank) == (0, 2, 2.5)
    assert worst.ideal_mean_rank == (6 + 5 + 4 + 3) / 4


def test_equal_scores_go_in_the_order_of_their_rows():
    found = dropped_first(np.array([1.0, 0.0, 1.0, 1.0]), np.arange(4.0), np.array([0, 0, 1, 1]), 2)
    assert found.rows == (1, 2)


@pytest.mark.parametrize(
    ("scores", "drop", "words"),
    [
        ([1.0, np.nan, 2.0, 3.0], 1, "1 of 4 candidates have no score"),
        ([1.0, 2.0, 3.0, 4.0], 3, "1 to 2 candidates can be dropped"),
        ([1.0, 2.0, 3.0, 4.0], 0, "1 to 2 candidates can be dropped"),
        ([1.0, 1.0, 1.0, 1.0], 1, "all 4 scores are equal"),
        ([], 1, "1 to 0 candidates"),
    ],
)
def test_undefined_with_a_reason(scores, drop, words):
    n = len(scores)
    found = dropped_first(np.array(scores), np.arange(float(n)), np.arange(n) // 2, drop)
    assert found.mean_rank is found.kept_top is None
    assert words in found.reason


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def published_scores(folder):
    """Scores of the initial supernet, higher is better, by how the evaluation calls them and seed."""
    scores = defaultdict(dict)
    for row in read(folder / "op_strength_src_tidy.csv"):
        sign = -1 if row["raw_method"] in LOWER_IS_BETTER else 1
        place = int(row["edge"]), int(row["op"])
        scores[f"csv:{row['raw_method']}", "1"][place] = sign * float(row["score"])
    for row in read(folder / "nb201_op_scores_progressive.csv"):
        if row["step"] == "0":
            sign = -1 if row["better"] == "low" else 1
            place = int(row["edge"]), int(row["op"])
            scores[f"log:{row['method']}", row["seed"]][place] = sign * float(row["score"])
    return scores


def test_every_published_evaluation_that_has_its_scores(shared):
    space, table = spaces.load("nb201"), benchmarks.load("nb201")
    accuracies = np.asarray(table.values(space.listing(), "cifar10_test_200"))
    chosen = np.array([[picks[0] for picks in arch] for arch in space.listing()])
    places = [(edge, op) for edge in range(6) for op in range(5)]
    truth = np.array([accuracies[chosen[:, edge] == op].mean() for edge, op in places])
    scores = published_scores(shared / "reference")
    compared = 0
    for row in read(shared / "reference" / "abs_drop20_nb201.csv"):
        own = scores.get((row["score"], row["seed"]))
        if own is not None:
            found = dropped_first([own[place] for place in places], truth, [edge for edge, _ in places], 20)
            assert found.ranks == tuple(json.loads(row["dropped_ranks_in_order"])), row["score"]
            assert found.kept_top == int(row["kept_top10"])
            assert found.mean_rank == pytest.approx(float(row["mean_rank_dropped"]))
            assert found.ideal_mean_rank == pytest.approx(20.4)  # of the mean accuracy itself
            compared += 1
    assert compared == 31


def test_true_ranks_by_hand():
    means = np.array([70.0, 90.0, 90.0 + 1e-12, np.nan, 80.0])
    np.testing.assert_array_equal(ranks_of_candidates(means), [4.0, 1.0, 1.0, np.nan, 3.0])


def test_the_ten_best_with_ties():
    truth = np.array([*np.arange(20.0), np.nan, 10.0])
    kept = truth >= 15
    found = left(truth, kept)
    assert found["top_10"] == 5 / 11  # 10 to 19, of which 10 comes twice
    assert left(truth[:3], np.array([True, False, False]))["top_10"] == 1 / 3
    assert left(np.array([np.nan]), np.array([True]))["top_10"] is None
