"""Records damaged at random or written to do harm: refused in one sentence, or exactly what they were."""

from __future__ import annotations

import io
import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import parquet
from harness.errors import ResultsError
from harness.records import read_record
from harness.records._json import signed

QUICK = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sentence(path) -> str:
    with pytest.raises(ResultsError) as caught:
        _ = read_record(path).rows
    assert str(path.parent) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read_or_refused(path) -> object:
    try:
        record = read_record(path)
    except ResultsError as error:
        return None if "\n" not in str(error) else pytest.fail(str(error))
    return record


@QUICK
@given(data=st.data())
def test_any_damage_to_a_byte_is_found_or_changes_nothing(write, data):
    path = write(config={"seed": 3, "note": "ä"})
    whole = read_record(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    found = read_or_refused(path)
    if found is not None:
        told = ("run", "status", "reason", "statistics", "provenance", "config", "rows_entry")
        assert [getattr(found, name) for name in told] == [getattr(whole, name) for name in told]
    path.unlink()


def test_another_bit_in_any_byte_is_found(write):
    path = write()
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ResultsError):
            read_record(path)
    path.write_bytes(whole)
    assert read_record(path).statistics == {"kendall": 0.5}


@QUICK
@given(st.sampled_from(["statistics", "provenance", "config", "rows", "status", "reason", "settings", "seed",
                        "format", "statistics_version", "sha256", "identity", "method", "more"]),
       st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part),
                    max_leaves=5))  # fmt: skip
def test_another_value_is_found_whatever_it_is(write, field, value):
    path = write()
    content = json.loads(path.read_text())
    same = repr(content.get(field, "nothing")) == repr(value)
    path.write_text(json.dumps(content | {field: value}))
    assert (read_or_refused(path) is not None) == same
    # Signed again, as someone does who means it: still a record, or one sentence.
    path.write_text(json.dumps(signed(content | {field: value}), default=str) if _finite(value) else "{}")
    found = read_or_refused(path)
    if found is not None:
        assert isinstance(found.written_statistics, dict)
    path.unlink()


def _finite(value) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"format": ' * 20_000, '{"format": ' + "9" * 5000 + "}", '{"format": 1e999}'],
    ids=["lists", "objects", "digits", "exponent"],
)  # fmt: skip
def test_absurd_json_is_refused(write, text):
    path = write()
    path.write_text(text)
    assert sentence(path)


def test_a_record_of_absurd_size_is_not_read(write):
    path = write()
    os.truncate(path, 2**40)  # a hole: no byte of it lies on the disk
    assert "has 1,099,511,627,776 bytes, and such a file no more than 67,108,864" in sentence(path)


@pytest.mark.parametrize("file", ["../../x", "/etc/passwd", "", ".", "x/y.parquet", None, 3, ["a"]])
def test_rows_elsewhere_are_refused(write, file):
    path = write()
    content = json.loads(path.read_text())
    if file == "../../x":
        outside = path.parent.parent.parent / "x"
        outside.write_bytes((path.parent / content["rows"]["file"]).read_bytes())
    content["rows"]["file"] = file
    path.write_text(json.dumps(signed(content)))
    assert "not beside it in a file of its own" in sentence(path)


@pytest.mark.parametrize("method", ["../x", "/x", "..", "a/b", "", ".hidden", "a\nb"])
def test_names_that_lead_elsewhere_are_refused(write, method):
    path = write()
    content = json.loads(path.read_text())
    path.write_text(json.dumps(signed(content | {"method": method})))
    assert "describes no run" in sentence(path)


def forged(path, table: pa.Table, **options) -> None:
    """The record at ``path`` with other rows, all digests right."""
    import hashlib

    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    content = json.loads(path.read_text())
    (path.parent / content["rows"]["file"]).write_bytes(sink.getvalue())
    content["rows"] |= {"sha256": hashlib.sha256(sink.getvalue()).hexdigest(), "count": len(table)}
    path.write_text(json.dumps(signed(content)))


BOMBS = {
    "numbers": lambda: pa.table({"score": pa.array([7]).take(pa.array([0] * 2**20)).cast(pa.int64())}),
    "texts": lambda: pa.table({"arch": pa.DictionaryArray.from_arrays([0] * 600, ["x" * 2**13])}),
    "one text": lambda: pa.table({"arch": ["x" * 2**23]}),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_rows_that_unpack_to_far_more_are_refused(write, bomb, monkeypatch):
    path = write()
    forged(path, BOMBS[bomb](), compression="zstd", store_schema=False)
    files = path.parent.glob("*.parquet")
    assert sum(file.stat().st_size for file in files) < 50_000
    assert len(read_record(path).rows)
    monkeypatch.setattr(parquet, "LARGEST", 2**22)
    opened = parquet.opened
    monkeypatch.setattr(parquet, "opened", lambda source, **given: opened(source, 2**22, **given))
    monkeypatch.setattr(pd, "read_parquet", lambda *_: pytest.fail("read"))
    assert "bytes, and such a file has no more than 4,194,304" in sentence(path)


def test_encodings_whose_size_is_not_known_are_refused(write):
    path = write()
    encoded = {"column_encoding": {"arch": "DELTA_BYTE_ARRAY"}, "use_dictionary": False}
    forged(path, pa.table({"arch": ["x" * 100] * 100}), **encoded)
    assert "it is encoded as DELTA_BYTE_ARRAY, which is not read here" in sentence(path)


def test_absurdly_many_columns_are_refused(write):
    path = write()
    forged(path, pa.table({str(number): [1] for number in range(1001)}))
    assert "it has 1,001 columns, and may have 1,000" in sentence(path)


@pytest.mark.parametrize(
    "text", ["[1]", '{"seconds": "abc"}', '{"proxy_seconds": [1]}', "[" * 100_000, "null"]
)
def test_a_timing_that_is_none_is_done_without(write, text):
    path = write()
    path.with_name(path.stem + ".timing.json").write_text(text)
    assert read_record(path).timing is None


def test_a_reason_that_utf8_does_not_have_is_kept(write):
    path = write(status="failed", reason="no \ud800 way")
    assert read_record(path).reason == "no \ud800 way"


def test_a_swapped_record_and_swapped_rows_are_found(write, run, rows):
    from dataclasses import replace

    first = write()
    second = write(run=replace(run, settings={"batch_size": 32}), rows=rows.assign(score=[9.0, 8.0, 7.0]))
    contents = [path.read_bytes() for path in (first, second)]
    first.write_bytes(contents[1])
    assert "its name is not that of its identity" in sentence(first)
    first.write_bytes(contents[0])
    files = [first.parent / json.loads(content)["rows"]["file"] for content in contents]
    data = [file.read_bytes() for file in files]
    files[0].write_bytes(data[1])
    assert "its SHA-256 is not the one" in sentence(first)
