"""What of two records differs is told entry by entry."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from harness.records import Run, Store, read_record, repetition

ROWS = pd.DataFrame(
    {
        "arch": ["a", "b", "c"],
        "score": [1.0, None, -2.0],
        "status": ["ok", "nan", "ok"],
        "reason": ["", "x", ""],
    }
)


def record(folder, rows=ROWS, statistics=None, settings=None, provenance=None):
    run = Run("arch_correlation", "toy", "accuracy", "nwot", 0, settings or {"batch_size": 2})
    path = Store(folder).write(
        run,
        "ok",
        None,
        rows,
        statistics or {"score": {"kendall": 0.5}},
        provenance or {"commit": "a"},
        {},
        {},
    )
    return read_record(path)


@pytest.fixture
def first(tmp_path):
    return record(tmp_path / "first")


def test_the_same(first, tmp_path):
    again = repetition(first, record(tmp_path / "second", provenance={"commit": "b"}))
    assert again.same
    assert again.rows == (3, 3)
    assert again.environment == (("commit", "a", "b"),)
    assert (again.moved, again.statistics, again.settings) == ((), (), ())


@pytest.mark.parametrize(
    ("row", "column", "value", "relative"),
    [
        (0, "score", np.nextafter(1.0, 2.0), 2.2e-16),
        (2, "score", 2.0, 2.0),
        (0, "score", None, math.inf),
        (1, "score", 3.0, math.inf),
        (1, "status", "inf", math.inf),
        (2, "arch", "d", math.inf),
    ],
)
def test_one_entry(first, tmp_path, row, column, value, relative):
    rows = ROWS.copy()
    rows.loc[row, column] = value
    again = repetition(first, record(tmp_path / "second", rows))
    assert not again.same
    (moved,) = again.moved
    assert (moved.row, moved.column) == (row, column)
    assert moved.place == ("" if column == "arch" else ROWS["arch"][row])
    assert moved.relative == pytest.approx(relative, rel=0.01)
    before = ROWS.loc[row, column]
    assert moved.before == (None if pd.isna(before) else before)
    assert moved.after == value


def test_rows_and_columns_that_one_lacks(first, tmp_path):
    again = repetition(first, record(tmp_path / "second", ROWS[:2]))
    assert (again.same, again.rows, again.moved) == (False, (3, 2), ())
    again = repetition(first, record(tmp_path / "third", ROWS.assign(more=1.0)))
    assert [(moved.column, moved.before, moved.after) for moved in again.moved] == [("more", None, 1.0)] * 3


def test_statistics_and_settings(first, tmp_path):
    other = record(
        tmp_path / "second",
        statistics={"score": {"kendall": 0.25, "curve": [1, 2]}},
        settings={"batch_size": 4, "input": {"name": "noise"}},
    )
    again = repetition(first, other)
    assert not again.same
    assert again.statistics == (("score.kendall", 0.5, 0.25), ("score.curve", None, [1, 2]))
    assert again.settings == (("batch_size", 2, 4), ("input", None, {"name": "noise"}))


def test_what_an_older_record_does_not_say_is_no_difference(first, tmp_path):
    made = {"commit": "a", "code": {"proxies": "ab"}, "numerics": None}
    again = repetition(first, record(tmp_path / "second", provenance=made))
    assert (again.environment, again.unknown) == ((), ("code", "numerics"))
    older = repetition(record(tmp_path / "third", provenance=made), first)
    assert older.environment == (("code", {"proxies": "ab"}, None),)
