"""Damaged, tampered and misplaced records are named in one sentence."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from harness.errors import ResultsError


def change(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


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


def test_tampered_rows(store, write, run, rows):
    path = write()
    file = path.parent / json.loads(path.read_text())["rows"]["file"]
    rows.assign(score=[1.0, 2.0, 3.0]).to_parquet(file)
    (record,) = store.records()
    with pytest.raises(ResultsError, match="SHA-256"):
        record.rows  # noqa: B018
    with pytest.raises(ResultsError, match="SHA-256"):
        store.find(run)


def test_missing_rows(store, write, run):
    path = write()
    (path.parent / json.loads(path.read_text())["rows"]["file"]).unlink()
    with pytest.raises(ResultsError, match="cannot be read"):
        store.find(run)
    (record,) = store.records()
    with pytest.raises(ResultsError, match="cannot be read"):
        record.rows  # noqa: B018


def test_a_wrong_count(store, write):
    path = write()
    content = json.loads(path.read_text())
    change(path, rows=content["rows"] | {"count": 4})
    (record,) = store.records()
    with pytest.raises(ResultsError, match="3 rows"):
        record.rows  # noqa: B018


def test_rows_are_read_only_when_asked_for(store, write, monkeypatch):
    write()
    monkeypatch.setattr(pd, "read_parquet", lambda *_: pytest.fail("read"))
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
