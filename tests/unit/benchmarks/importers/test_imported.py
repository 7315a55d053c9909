from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks
from harness.benchmarks import Label, importers
from harness.benchmarks.importers import Imported
from harness.errors import DataError

LABEL = Label("cifar10_test_50", "cifar10", "test", 50, "one run", ("accuracy",), "made up", default=True)
TABLE = Imported(
    space="nbmacro",
    importer="nbmacro_json",
    release="r",
    source="s",
    licence="l",
    citation="c",
    labels=(LABEL,),
    files={"nbmacro.parquet": {"code": np.array([3, 5]), "accuracy": np.array([50.0, 60.0])}},
    notes=("a note",),
    partial=True,
)
OTHER = replace(
    TABLE,
    space="nb1shot1_1",
    labels=(replace(LABEL, scale=100.0),),
    files={
        "nb1shot1_1.parquet": {
            "code": np.array([0, 4]),
            "row": np.array([1, 0], np.int32),
            "listed": np.array([True, False]),
        },
        "cells.parquet": {"module_hash": [bytes(16), b"x" * 16], "accuracy": np.array([0.5, 0.25])},
    },
)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_written_is_read(tmp_path):
    importers.write([TABLE, OTHER], tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert sorted(contents(folder)) == [
        "MANIFEST.toml", "cells.parquet", "nb1shot1_1.parquet", "nbmacro.parquet"
    ]  # fmt: skip
    table = benchmarks.load_table("nbmacro", folder)
    assert table.values(np.array([5, 3]), "cifar10_test_50").tolist() == [60.0, 50.0]
    assert table.description.labels == {"cifar10_test_50": LABEL}
    assert table.description.notes == ("a note",)
    shared = benchmarks.load_table("nb1shot1_1", folder)
    assert shared.values(np.array([0, 4]), "cifar10_test_50").tolist() == [25.0, 50.0]
    assert shared.listed.tolist() == [True, False]


def test_a_second_import_needs_force_and_leaves_the_rest(tmp_path):
    importers.write([TABLE], tmp_path)
    before = contents(tmp_path)
    with pytest.raises(DataError, match=r"already holds nbmacro, nbmacro\.parquet; add --force"):
        importers.write([OTHER, TABLE], tmp_path)
    assert contents(tmp_path) == before
    importers.write([OTHER], tmp_path)
    files = {"nbmacro.parquet": {"code": np.array([8]), "accuracy": np.array([70.0])}}
    importers.write([replace(TABLE, files=files)], tmp_path, force=True)
    assert benchmarks.tables(tmp_path) == ("nb1shot1_1", "nbmacro")
    assert benchmarks.load_table("nbmacro", tmp_path).values(np.array([8]), "cifar10_test_50").tolist() == [
        70.0
    ]
    assert len(benchmarks.load_table("nb1shot1_1", tmp_path)) == 2


def test_a_file_without_an_entry_is_not_overwritten_either(tmp_path):
    (tmp_path / "nbmacro.parquet").write_text("mine")
    with pytest.raises(DataError, match=r"already holds nbmacro\.parquet"):
        importers.write([TABLE], tmp_path)
    assert contents(tmp_path) == {"nbmacro.parquet": b"mine"}


def test_a_failed_write_leaves_everything_as_it_was(tmp_path, monkeypatch):
    importers.write([TABLE], tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(type(tmp_path), "write_bytes", full_after(1))
    with pytest.raises(DataError, match=r"cannot be written \(No space left"):
        importers.write([OTHER, TABLE], tmp_path, force=True)
    monkeypatch.undo()
    assert contents(tmp_path) == before


def full_after(count):
    written = []

    def write_bytes(path, data):
        with path.open("wb") as stream:
            stream.write(data[:10])
        written.append(path)
        if len(written) > count:
            raise OSError(28, "No space left on device", str(path))

    return write_bytes


def test_files_are_renamed_after_all_are_written_and_the_manifest_last(tmp_path, monkeypatch):
    order = []
    original = os.replace

    def replaced(source, target):
        assert len(list(tmp_path.glob("*.part"))) == 4 - len(order)
        order.append(target.name)
        original(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    importers.write([TABLE, OTHER], tmp_path)
    assert order == ["nbmacro.parquet", "nb1shot1_1.parquet", "cells.parquet", "MANIFEST.toml"]


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        importers.write([TABLE], tmp_path / "file" / "folder")


def test_the_formats():
    assert set(importers.names()) >= {
        "darts", "darts_all", "figures", "nats_simple", "nb101_tfrecord", "nb201_pth",
        "nbmacro_json", "operation_scores", "transnas",
    }  # fmt: skip
    for name in importers.names():
        module = importers.load(name)
        assert module.FORMAT
        assert callable(module.read)
