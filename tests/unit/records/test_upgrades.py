"""Older records are read as if they had been written today."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness import benchmarks, stats
from harness.errors import ResultsError
from harness.records import FORMAT, Store, _upgrades, read_record
from harness.records._json import signed
from harness.records._whole_tables import TRUTHS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "records"
"""Results folders of every older format, as the harness of that time wrote them; kept for ever."""


@pytest.fixture(params=[1, 2])
def older(request, tmp_path):
    """By task the records of an older format, in a folder of the test's own."""
    shutil.copytree(FIXTURES / f"format-{request.param}", tmp_path / "older")
    return {record.run.task: record for record in Store(tmp_path / "older").records()}


@pytest.fixture
def old(tmp_path):
    """By task the records of format 1, in a folder of the test's own."""
    shutil.copytree(FIXTURES / "format-1", tmp_path / "results")
    return {record.run.task: record for record in Store(tmp_path / "results").records()}


def test_there_is_a_fixture_and_a_step_for_every_older_format():
    assert sorted(_upgrades.STEPS) == list(range(1, FORMAT))
    for version in _upgrades.STEPS:
        paths = list(Store(FIXTURES / f"format-{version}").paths())
        assert {path.parts[-6] for path in paths} == {"arch_correlation", "op_correlation", "search"}
        for path in paths:
            content = json.loads(path.read_text())
            assert content["format"] == version
            assert _upgrades.STEPS[version](content)["format"] == version + 1


def test_every_number_of_today_is_there(old):
    record = old["arch_correlation"]
    assert "pearson" not in record.written_statistics["score"]
    score = record.statistics["score"]
    assert score["pearson"] == pytest.approx(
        np.corrcoef(record.columns["score"], record.columns["accuracy"])[0, 1], rel=1e-12
    )
    assert set(score["best_of"]) == {"10"}, "keys as JSON has them"
    for name in ("score", "params", "flops", "operations"):
        assert set(record.statistics[name]) == set(score)
        for known, value in record.written_statistics[name].items():
            if isinstance(value, float) and not known.endswith(("_low", "_high")):
                assert record.statistics[name][known] == pytest.approx(value, rel=1e-12), known


def test_what_no_row_tells_stays_as_it_was(old):
    record = old["arch_correlation"]
    for name in ("ceiling", "population"):
        assert record.statistics[name] == record.written_statistics[name]
    record = old["op_correlation"]
    assert record.statistics["selected"] == record.written_statistics["selected"]
    assert old["search"].statistics == old["search"].written_statistics


def test_reading_changes_no_file(old):
    for record in old.values():
        fixture = FIXTURES / "format-1" / record.path.relative_to(record.path.parents[6])
        assert record.path.read_bytes() == fixture.read_bytes()


def test_the_figures_are_named_by_their_label(older):
    truth = benchmarks.load("nbmacro").digest("cifar10_test_50")
    for record in older.values():
        assert record.run.settings["truth"] == record.provenance["truth_digest"] == truth
        assert "table" not in record.run.settings


def test_every_table_that_older_records_name_has_its_labels():
    known = {digest for labels in TRUTHS.values() for digest in labels.values()}
    tables = [benchmarks.load_table(name) for name in benchmarks.tables()]
    assert known <= {table.digest(label) for table in tables for label in table.labels}


def test_a_table_that_was_not_shipped_keeps_its_name():
    assert _upgrades.with_truth({"table": "ab" * 32, "n": 1}, "accuracy") == {"table": "ab" * 32, "n": 1}
    assert _upgrades.with_truth({"n": 1}, "accuracy") == {"n": 1}


def test_a_run_whose_record_is_older_is_found(older):
    for record in older.values():
        store = Store(record.path.parents[6])
        assert store.find(record.run).path == record.path
        assert record.path.stem == _upgrades.as_before(record.run).identity


def test_a_repetition_takes_the_place_of_an_older_record(older):
    record = older["search"]
    store = Store(record.path.parents[6])
    path = store.write(record.run, "ok", None, record.rows, record.statistics, {}, {}, {}, force=True)
    assert path != record.path
    assert store.find(record.run).path == path
    assert [each.path for each in store.records() if each.run == record.run] == [path]


def test_a_record_of_today_is_not_computed_again(write, monkeypatch):
    monkeypatch.setattr("harness.records.record.recomputed", lambda *_: pytest.fail("computed"))
    assert read_record(write()).statistics == {"kendall": 0.5}
    assert read_record(write(status="failed", reason="no", statistics={})).statistics == {}


@pytest.mark.parametrize("version", [0, 3])
def test_statistics_of_another_version_are_computed_again(write, run, version):
    path = write()
    content = json.loads(path.read_text()) | {"statistics_version": version}
    path.write_text(json.dumps(signed(content)))
    with pytest.raises(ResultsError, match="rows lack what today's statistics need .*run it again"):
        _ = read_record(path).statistics


def test_a_failed_record_has_none_to_compute(write):
    path = write(status="failed", reason="no", statistics={})
    path.write_text(json.dumps(signed(json.loads(path.read_text()) | {"statistics_version": 0})))
    assert read_record(path).statistics == {}


def test_what_is_computed_is_as_json_has_it(monkeypatch):
    monkeypatch.setattr(stats, "operation_agreement", lambda rows: {"a": (np.float64(1), np.nan), 2: rows})
    found = _upgrades.recomputed("op_correlation", {"a": 3, "b": 4}, {})
    assert found == {"a": [1.0, None], "b": 4, "2": {}}


@pytest.mark.parametrize("version", [0, 4, 99, "1", True, None, [1]])
def test_a_format_no_step_leads_away_from_is_told(write, version):
    path = write()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": version}))
    with pytest.raises(ResultsError, match="this version of harness reads 1 to 3: read it with") as error:
        read_record(path)
    assert f"{path} has the record format {version!r}" in str(error.value)


def names(value, name=""):
    """Dotted names of all leaves."""
    if not isinstance(value, dict):
        return [name]
    return [each for key in sorted(value, key=str) for each in names(value[key], f"{name}.{key}")]


def test_statistics_have_the_names_of_their_version(old):
    """A name that is new here asks for another ``STATISTICS``, or older records go without it."""
    agreement = stats.architecture_agreement(old["arch_correlation"].columns, 0, ["score"])["score"]
    step = stats.operation_agreement(old["op_correlation"].columns)["steps"][0]["best_acc"]
    pinned = json.loads((FIXTURES / "statistics.json").read_text())
    assert pinned == {"version": _upgrades.STATISTICS, "names": [*names(agreement), *names(step)]}
