"""The operations that scores would drop first, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness import stats
from harness.reports.analysis.groups import collect
from harness.reports.tables import op_correlation

TITLE = "Operations that a score would drop first"


def rows(scores, truth, status="ok"):
    """Two decisions of three operations each, and an input decision that must not count."""
    frame = pd.DataFrame(
        {
            "step": 0,
            "decision": ["left"] * 3 + ["right"] * 3 + ["parents"] * 2,
            "candidate": [f"op {index}" for index in (0, 1, 2, 0, 1, 2, 0, 1)],
            "kind": ["operation"] * 6 + ["input"] * 2,
            "score": [*scores, 0.0, -9.0],
            "status": [status, *["ok"] * 7],
            "avg_acc": [*truth, 99.0, 1.0],
        }
    )
    for name in ("best_acc", "best_acc_remaining", "avg_acc_remaining"):
        frame[name] = np.arange(8.0)
    later = frame.assign(step=1, score=-frame["score"])
    return pd.concat([frame, later], ignore_index=True)


def write(results, method, seed, frame):
    statistics = stats.operation_agreement(frame)
    results.write("op_correlation", method, seed, frame, statistics, proxy="nwot")


def dropped_table(results):
    return next((t for t in op_correlation.tables(collect(results.root)) if t.title == TITLE), None)


def texts(table):
    titles = [column.title for column in table.columns]
    return [dict(zip(titles, (cell.text for cell in row.cells), strict=True)) for row in table.rows]


def test_by_hand_over_two_seeds(results):
    truth = [10.0, 20.0, 90.0, 40.0, 80.0, 50.0]  # true ranks 6, 5, 1, 4, 2, 3
    write(results, "good", 0, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], truth))  # drops 6 5 4 3
    write(results, "good", 1, rows([2.0, 1.0, 9.0, 8.0, 7.0, 3.0], truth))  # drops 5 6 3 2
    write(results, "bad", 0, rows([9.0, 3.0, 1.0, 8.0, 2.0, 4.0], truth))  # drops 1 2 5 3
    table = dropped_table(results)
    good, bad = texts(table)
    assert good["Scorer"] == "good"
    assert good["Mean rank of the dropped"] == "4.25 ± 0.35"  # 4.5 and 4
    assert good["Best ones kept"] == "1.5 ± 0.7 of 2"  # both, and one
    assert good["Dropped"] == "4 / 6"
    assert good["True ranks, in this order"] == "6 5 4 3"
    assert good["Seeds"] == "2"
    assert bad["Mean rank of the dropped"] == "2.75"
    assert bad["Best ones kept"] == "0 of 2"
    assert bad["True ranks, in this order"] == "1 2 5 3"
    words = " ".join(table.caption)
    assert "drops a mean rank of 4.50, chance about 3.50" in words
    assert "Nothing dropped" not in words


def test_an_unscored_operation_leaves_the_method_out_with_the_reason(results):
    truth = [10.0, 20.0, 90.0, 40.0, 80.0, 50.0]
    write(results, "whole", 0, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], truth))
    write(results, "holed", 0, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], truth, status="nan"))
    table = dropped_table(results)
    assert [row["Scorer"] for row in texts(table)] == ["whole"]
    assert "Nothing dropped: 1 of 6 candidates have no score or no true value." in table.caption


def test_a_seed_without_scores_counts_as_undefined(results):
    truth = [10.0, 20.0, 90.0, 40.0, 80.0, 50.0]
    write(results, "half", 0, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], truth, status="nan"))
    write(results, "half", 1, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], truth))
    (row,) = dropped_table(results).rows
    assert row.cells[1].note == "1 of 2 undefined"
    assert row.cells[4].note == "seed 1"


def test_no_table_where_nothing_can_be_dropped(results):
    write(results, "flat", 0, rows([1.0] * 6, [10.0, 20.0, 90.0, 40.0, 80.0, 50.0]))
    assert dropped_table(results) is None


def test_the_numbers_are_among_those_of_the_group(results):
    write(results, "good", 0, rows([1.0, 2.0, 9.0, 3.0, 8.0, 4.0], [10.0, 20.0, 90.0, 40.0, 80.0, 50.0]))
    (group,) = collect(results.root)
    numbers = group.results[0].numbers
    expected = {
        "candidates": 6,
        "dropped": 4,
        "mean_rank": 4.5,
        "ideal_mean_rank": 4.5,
        "kept_top": 2,
        "top": 2,
    }
    assert {f"dropped_first.{name}": value for name, value in expected.items()}.items() <= numbers.items()
