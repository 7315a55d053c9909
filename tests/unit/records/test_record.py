"""Damaged, tampered and misplaced records are named in one sentence."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness.errors import ResultsError
from harness.records._json import signed


def change(path, **changes):
    """What someone does who knows how a record is signed."""
    path.write_text(json.dumps(signed(json.loads(path.read_text()) | changes)))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "no complete JSON"),
        (lambda path: path.write_bytes(b""), "no complete JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "no complete JSON"),
        (lambda path: path.write_text("[1]"), "no JSON object"),
        (lambda path: path.write_text('{"format": 1}'), "lacks identity"),
        (lambda path: change(path, format=99), "record format 99"),
        (lambda path: change(path, settings={"batch_size": 65}), "identity"),
        (lambda path: change(path, settings=3), "describes no run"),
        (lambda path: change(path, seed=4), "identity"),
        (lambda path: change(path, method="a/b"), "describes no run"),
        (lambda path: change(path, identity="0" * 16), "identity"),
        (lambda path: change(path, group="0" * 16), "identity"),
        (lambda path: change(path, status="failed"), "status"),
        (lambda path: change(path, rows={"file": "x"}), "rows"),
    ],
)
def test_a_damaged_record(store, write, run, damage, words):
    path = write()
    damage(path)
    for read in (lambda: store.find(run), lambda: list(store.records())):
        with pytest.raises(ResultsError, match=words) as error:
            read()
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_a_record_in_another_folder_or_under_another_name(store, write, run):
    path = write()
    elsewhere = path.parent.with_name("seed=4")
    shutil.copytree(path.parent, elsewhere)
    with pytest.raises(ResultsError, match="outside its folder"):
        list(store.records())
    shutil.rmtree(elsewhere)
    path.rename(path.with_name("0" * 16 + ".json"))
    with pytest.raises(ResultsError, match="name"):
        list(store.records())


READERS = pytest.mark.parametrize("read", [lambda record: record.rows, lambda record: record.columns])
"""Both ways to the rows make the same checks."""


@READERS
def test_tampered_rows(store, write, run, rows, read):
    path = write()
    file = path.parent / json.loads(path.read_text())["rows"]["file"]
    rows.assign(score=[1.0, 2.0, 3.0]).to_parquet(file)
    (record,) = store.records()
    with pytest.raises(ResultsError, match="SHA-256"):
        read(record)
    with pytest.raises(ResultsError, match="SHA-256"):
        store.find(run)


@READERS
def test_missing_rows(store, write, run, read):
    path = write()
    (path.parent / json.loads(path.read_text())["rows"]["file"]).unlink()
    with pytest.raises(ResultsError, match="cannot be read"):
        store.find(run)
    (record,) = store.records()
    with pytest.raises(ResultsError, match="cannot be read"):
        read(record)


@READERS
def test_a_wrong_count(store, write, read):
    path = write()
    content = json.loads(path.read_text())
    change(path, rows=content["rows"] | {"count": 4})
    (record,) = store.records()
    with pytest.raises(ResultsError, match="3 rows"):
        read(record)


@READERS
def test_rows_that_are_no_parquet_file(store, write, read):
    path = write()
    content = json.loads(path.read_text())
    (path.parent / content["rows"]["file"]).write_bytes(b"PAR1")
    change(path, rows=content["rows"] | {"sha256": hashlib.sha256(b"PAR1").hexdigest()})
    (record,) = store.records()
    with pytest.raises(ResultsError, match="no parquet file"):
        read(record)


def test_columns_are_the_rows(store, write, run):
    rows = pd.DataFrame(
        {
            "arch": ["a", None, "ü"], "score": [1.5, np.nan, -np.inf], "connected": [True, False, True],
            "params": [1, 2, 2**60], "reason": [None, None, None], "step": [1.0, np.nan, 3.0],
        }
    )  # fmt: skip
    write(rows=rows)
    record = store.find(run)
    assert list(record.columns) == list(rows)
    for name, column in record.columns.items():
        missing = pd.isna(column)
        np.testing.assert_array_equal(missing, record.rows[name].isna())
        np.testing.assert_array_equal(column[~missing], record.rows[name].to_numpy()[~missing])
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]
    assert [record.columns[name].dtype for name in ("score", "connected", "params")] == [float, bool, int]


def test_the_digest_is_that_of_the_file(store, write, run):
    path = write()
    assert store.find(run).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_are_read_only_when_asked_for(store, write, monkeypatch):
    write()
    monkeypatch.setattr(pd, "read_parquet", lambda *_: pytest.fail("read"))
    monkeypatch.setattr(pq, "ParquetFile", lambda *_: pytest.fail("read"))
    (record,) = store.records()
    assert record.statistics == {"kendall": 0.5}


@pytest.mark.parametrize("damage", ["", "{", "unlinked"])
def test_no_number_rests_on_the_timing(store, write, run, damage):
    path = write()
    timing = path.with_name(path.stem + ".timing.json")
    timing.unlink()
    if damage != "unlinked":
        timing.write_text(damage)
    assert store.find(run).timing is None


def test_force_goes_past_a_damaged_record(store, write, run):
    write().write_text("{")
    write(force=True)
    assert store.find(run).generation == 2
