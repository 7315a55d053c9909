"""Writing, finding and listing records; several writers; writers that die."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness import files
from harness.errors import ResultsError
from harness.records import Run, Store, check_writable
from tests.children import CHILDREN


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_round_trip(store, write, run, rows):
    path = write()
    assert path == store.path(run)
    assert path.relative_to(store.root).as_posix() == (
        f"records/arch_correlation/nb201/cifar10_test/nwot/seed=3/{run.identity}.json"
    )
    record = store.find(run)
    assert (record.run, record.status, record.reason, record.generation) == (run, "ok", None, 1)
    assert record.statistics == {"kendall": 0.5}
    assert record.provenance == {"commit": "abc"}
    assert record.config == {"seed": 3}
    assert record.timing == {"seconds": 1.25}
    pd.testing.assert_frame_equal(record.rows, rows)


def test_the_json_is_complete_and_strict(write, run):
    path = write(statistics={"a": float("nan"), "b": [1.0, float("inf")]})
    content = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert content["statistics"] == {"a": None, "b": [1.0, None]}
    assert content["format"] == 3
    assert (content["identity"], content["group"]) == (run.identity, run.group)
    assert content["settings"] == run.settings
    data = (path.parent / content["rows"]["file"]).read_bytes()
    assert content["rows"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert content["rows"]["count"] == 3


def test_identical_runs_give_identical_bytes_whatever_the_time(tmp_path, store, write, run):
    first = write(timing={"seconds": 1.0, "started": "now"})
    other = Store(tmp_path / "other")
    record = store.find(run)
    second = other.write(
        run, "ok", None, record.rows, record.statistics, record.provenance, record.config, {"seconds": 2.0}
    )
    assert names(store.root) == names(other.root)
    for a in first.parent.iterdir():
        same = a.read_bytes() == (second.parent / a.name).read_bytes()
        assert same != a.name.endswith(".timing.json")


def test_an_ok_record_is_never_replaced(store, write, run):
    first = write()
    bytes_before = first.read_bytes()
    second, third = write(force=True), write(force=True, statistics={"kendall": 0.6})
    assert [path.name for path in (second, third)] == [f"{run.identity}.2.json", f"{run.identity}.3.json"]
    assert first.read_bytes() == bytes_before == second.read_bytes()
    assert store.find(run).statistics == {"kendall": 0.6}
    assert [record.generation for record in store.records()] == [3]


def test_the_same_record_again_is_the_same_file(write, store):
    assert write() == write(timing={"seconds": 9})
    assert len(list(store.records())) == 1
    assert store.find(next(iter(store.records())).run).timing == {"seconds": 1.25}


def test_a_different_record_of_the_same_run_is_kept_beside_it(write, run):
    write()
    assert write(statistics={"kendall": 0.1}).name == f"{run.identity}.2.json"


def test_a_failure_does_not_block_and_is_kept(store, write, run):
    failed = {"status": "failed", "reason": "out of memory", "rows": pd.DataFrame(), "statistics": {}}
    first, second = write(**failed), write(**failed)
    assert [path.name for path in (first, second)] == [
        f"{run.identity}.failed-1.json",
        f"{run.identity}.failed-2.json",
    ]
    assert store.find(run) is None
    assert write() == store.path(run)
    assert store.find(run).status == "ok"
    write(**failed)
    assert store.find(run).status == "ok"
    found = [(record.status, record.generation) for record in store.records()]
    assert sorted(found) == [("failed", 1), ("failed", 2), ("failed", 3), ("ok", 1)]
    assert next(record for record in store.records() if record.status == "failed").rows.empty


def test_records_are_those_of_every_run_in_order(store, write, run):
    others = [replace(run, seed=1), replace(run, method="snip"), replace(run, settings={"batch_size": 2})]
    for other in (run, *others):
        write(run=other)
    found = [record.path for record in store.records()]
    assert len(found) == 4
    assert found == sorted(found)


def test_an_empty_store_has_no_records(store, run):
    assert list(store.records()) == []
    assert store.find(run) is None


@pytest.mark.parametrize("survives", [0, 1])
def test_killed_between_the_steps_leaves_no_record(store, write, run, rows, monkeypatch, survives):
    """A process that dies after the rows, or before them, leaves nothing that counts as a result."""
    real, calls = os.replace, []

    def dies(source, target):
        if len(calls) == survives:
            raise KeyboardInterrupt
        calls.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", dies)
    if survives:
        monkeypatch.setattr(os, "link", lambda *_: dies(None, None))
    with pytest.raises(KeyboardInterrupt):
        write()
    monkeypatch.undo()
    assert store.find(run) is None
    assert list(store.records()) == []
    assert not [name for name in names(store.root) if name.startswith(".staged") or name.endswith(".json")]
    assert write() == store.path(run)
    pd.testing.assert_frame_equal(store.find(run).rows, rows)


def test_killed_before_the_sidecar_leaves_a_whole_record(store, write, run, monkeypatch):
    real = os.replace

    def dies(source, target):
        if str(target).endswith(".timing.json"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        write()
    record = store.find(run)
    assert record.timing is None
    assert len(record.rows) == 3


def test_left_over_temporary_files_are_no_records(store, write, run):
    folder = write().parent
    (folder / ".staged-1-aa").write_text("{")
    (folder / "notes.json").write_text("{")
    assert len(list(store.records())) == 1
    assert store.find(run) is not None


def _no_links(*_):
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_hard_links(write, run, monkeypatch):
    monkeypatch.setattr(os, "link", _no_links)
    paths = [write(), write(), write(force=True)]
    assert [path.name for path in paths] == [f"{run.identity}.json"] * 2 + [f"{run.identity}.2.json"]
    assert json.loads(paths[2].read_text())["identity"] == run.identity


def test_killed_without_hard_links_leaves_no_empty_record(store, write, run, monkeypatch):
    monkeypatch.setattr(os, "link", _no_links)
    replace = os.replace

    def killed(staged, path):
        if path == store.path(run):
            raise KeyboardInterrupt
        replace(staged, path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            write()
    assert not list(store.records())
    assert write() == store.path(run)


def test_another_error_of_the_file_system_is_one_sentence(write, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(ResultsError, match="No space left on device"):
        write()


def _writer(root, number, ready, links):
    if not links:
        os.link = _no_links
    run = Run("search", "nb201", "label", "m", 0)
    ready.wait()
    for turn in range(5):
        value = {"value": 100 * number + turn}
        Store(root).write(
            run, "ok", None, pd.DataFrame(value, index=[0]), value, {}, {}, {"by": number}, True
        )
        Store(root).write(run, "failed", f"{number} {turn}", pd.DataFrame(), {}, {}, {}, {})


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_writers_at_once_lose_nothing(store, links):
    ready = CHILDREN.Barrier(3)
    writers = [
        CHILDREN.Process(target=_writer, args=(store.root, number, ready, links)) for number in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    run = Run("search", "nb201", "label", "m", 0)
    folder = store.path(run).parent
    ok = [path for path in folder.glob("*.json") if "timing" not in path.name and "failed" not in path.name]
    values = sorted(json.loads(path.read_text())["statistics"]["value"] for path in ok)
    assert values == [100 * number + turn for number in range(3) for turn in range(5)]
    reasons = {record.reason for record in store.records() if record.status == "failed"}
    assert reasons == {f"{number} {turn}" for number in range(3) for turn in range(5)}
    for path in ok:
        content = json.loads(path.read_text())
        timing = json.loads(path.with_name(path.stem + ".timing.json").read_text())
        assert timing == {"by": content["statistics"]["value"] // 100}
        assert (folder / content["rows"]["file"]).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "skipped"},
        {"status": "failed"},
        {"reason": "but it is ok"},
        {"statistics": {"a": object()}},
        {"rows": pd.DataFrame({"a": [1, "x"]})},
    ],
    ids=["status", "no reason", "a reason", "no JSON", "mixed column"],
)
def test_what_cannot_be_written_leaves_nothing(store, write, changes):
    with pytest.raises(ResultsError):
        write(**changes)
    assert not store.root.exists() or names(store.root) == []


def test_check_writable_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    check_writable(tmp_path / "kept")
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]


def test_check_writable_refuses_a_file_and_what_lies_below_one(tmp_path):
    (tmp_path / "file").write_text("x")
    for bad in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ResultsError, match="cannot be written"):
            check_writable(bad)


def test_check_writable_refuses_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def denied(self: Path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.Path, "open", denied)
    with pytest.raises(ResultsError, match="Permission denied"):
        check_writable(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
