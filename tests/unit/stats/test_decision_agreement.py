"""Agreement per decision and step."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr

from harness.stats import dropped_first, operation_agreement, operations_dropped
from harness.stats.decision_agreement import TRUTHS


def rows(steps=3, decisions=3, candidates=5, seed=0):
    rng = np.random.default_rng(seed)
    made = [
        {"step": step, "decision": f"edge {d}", "candidate": f"op {c}", "kind": "operation", "status": "ok"}
        for step in range(steps)
        for d in range(step, decisions)
        for c in range(candidates)
    ]
    frame = pd.DataFrame(made)
    for name in ("score", *TRUTHS):
        frame[name] = np.round(rng.normal(size=len(frame)), 1)
    return frame


def test_per_decision_and_mean_against_scipy():
    frame = rows()
    found = operation_agreement(frame)
    assert [step["step"] for step in found["steps"]] == [0, 1, 2]
    assert [len(step["decisions"]) for step in found["steps"]] == [3, 2, 1]
    for step in found["steps"]:
        for truth in TRUTHS:
            taus, rhos = [], []
            for decision in step["decisions"]:
                part = frame[(frame.step == step["step"]) & (frame.decision == decision["decision"])]
                taus.append(kendalltau(part.score, part[truth]).statistic)
                rhos.append(spearmanr(part.score, part[truth]).statistic)
                assert decision[truth]["kendall"] == pytest.approx(taus[-1], abs=1e-12)
                assert decision[truth]["spearman"] == pytest.approx(rhos[-1], abs=1e-12)
            assert step[truth]["kendall"] == pytest.approx(np.mean(taus), abs=1e-12)
            assert step[truth]["spearman"] == pytest.approx(np.mean(rhos), abs=1e-12)
    expected = np.mean([step["avg_acc"]["kendall"] for step in found["steps"]])
    assert found["mean"]["avg_acc"]["kendall"] == pytest.approx(expected)


def test_undefined_decisions_are_dropped_and_counted():
    frame = rows(steps=1)
    frame.loc[frame.decision == "edge 0", "score"] = 1.0
    failed = frame.index[frame.decision == "edge 1"][1:]
    frame.loc[failed, "status"] = "nan"
    step = operation_agreement(frame)["steps"][0]
    assert (step["best_acc"]["decisions"], step["best_acc"]["undefined"]) == (1, 2)
    assert step["best_acc"]["kendall"] == step["decisions"][2]["best_acc"]["kendall"]
    assert "scores are equal" in step["decisions"][0]["best_acc"]["reason"]
    assert "fewer than 2" in step["decisions"][1]["best_acc"]["reason"]
    assert (step["decisions"][1]["candidates"], step["decisions"][1]["n"]) == (5, 1)


def test_failed_candidates_are_left_out_whatever_their_score():
    frame = rows(steps=1)
    frame.loc[2, ["status", "score"]] = "failed", 1e8
    kept = operation_agreement(frame.drop(index=2))["steps"][0]
    found = operation_agreement(frame)["steps"][0]
    for name in TRUTHS:
        assert found[name] == kept[name]
    frame.loc[2, ["status", "score"]] = "ok", np.nan
    assert operation_agreement(frame)["steps"][0]["best_acc"] == kept["best_acc"]


def test_nothing_defined_is_none():
    frame = rows(steps=2)
    frame["score"] = 1.0
    found = operation_agreement(frame)
    assert found["steps"][0]["best_acc"]["kendall"] is None
    assert found["mean"]["best_acc"] == {"kendall": None, "spearman": None, "top_1": 0.0, "steps": 0}


@pytest.mark.parametrize(
    ("scores", "truth", "hit"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([3, 2, 1], [1, 2, 3], 0.0),
        ([1, 3, 3], [1, 2, 3], 0.0),
        ([3, 3, 1], [3, 2, 1], 0.0),
        ([2, 3, 1], [1, 3, 3], 1.0),
    ],
)
def test_top_1_needs_one_candidate_alone_at_the_top(scores, truth, hit):
    frame = rows(steps=1, decisions=1, candidates=3)
    frame["score"], frame["best_acc"] = np.array(scores, float), np.array(truth, float)
    assert operation_agreement(frame)["steps"][0]["best_acc"]["top_1"] == hit


def test_a_mapping_of_columns_does_as_well_and_json_takes_it():
    frame = rows()
    found = operation_agreement({name: frame[name].to_numpy() for name in frame})
    assert found == operation_agreement(frame)
    json.dumps(found, allow_nan=False)


def test_two_thirds_of_the_operations_are_dropped_from_the_initial_supernet():
    frame = rows(steps=2, decisions=6, candidates=5)
    first = frame[frame.step == 0]
    found = operations_dropped(frame)
    direct = dropped_first(first.score, first.avg_acc, first.decision.str[-1].astype(int), 20)
    assert (found["candidates"], found["dropped"]) == (30, 20)
    assert (found["ranks"], found["mean_rank"]) == (direct.ranks, direct.mean_rank)
    assert (found["kept_top"], found["top"], found["reason"]) == (direct.kept_top, 10, None)


def test_a_decision_keeps_one_candidate_and_inputs_do_not_count():
    frame = rows(steps=1, decisions=4, candidates=2)
    frame.loc[frame.decision == "edge 3", "kind"] = "input"
    frame.loc[frame.decision == "edge 2", "kind"] = "width"  # it counts
    found = operations_dropped(frame)
    assert (found["candidates"], found["dropped"]) == (6, 3)  # two thirds would be 4


def test_a_failed_score_drops_nothing():
    frame = rows(steps=1)
    frame.loc[3, "status"] = "nan"
    found = operations_dropped(frame)
    assert (found["dropped"], found["mean_rank"]) == (0, None)
    assert "1 of 15 candidates have no score" in found["reason"]
