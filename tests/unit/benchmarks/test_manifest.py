from __future__ import annotations

import hashlib
import shutil
import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tomli_w

from harness import benchmarks
from harness.benchmarks import _manifest, _score_sets
from harness.errors import DataError
from harness.folders import BENCHMARKS_DATA


@pytest.fixture
def folder(tmp_path):
    """A copy of the committed folder without the largest table."""
    for name in ("MANIFEST.toml", "nbmacro.parquet", "nb1shot1_1.parquet", "nb101_cells.parquet"):
        shutil.copyfile(BENCHMARKS_DATA / name, tmp_path / name)
    return tmp_path


def alter(folder, change):
    path = folder / "MANIFEST.toml"
    content = tomllib.loads(path.read_text())
    change(content)
    path.write_text(tomli_w.dumps(content))


def rewrite(folder, name, **columns):
    """Replace columns of a parquet file (None drops one) and tell the manifest its new digest."""
    path = folder / name
    table = pq.read_table(path).to_pydict()
    table = {key: value for key, value in (table | columns).items() if value is not None}
    pq.write_table(pa.table(table), path)
    accept(folder, name)


def accept(folder, name):
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()

    def change(content):
        for entry in content["tables"].values():
            for file in entry["files"]:
                if file["name"] == name:
                    file["sha256"] = digest

    alter(folder, change)


def test_the_committed_manifest_reads_back():
    entries = _manifest.read(BENCHMARKS_DATA)
    text = _manifest.dumps(entries, _score_sets.read(BENCHMARKS_DATA))
    assert text == (BENCHMARKS_DATA / "MANIFEST.toml").read_text()
    for space, entry in entries.items():
        assert entry.source.startswith("https://")
        assert entry.licence
        assert entry.citation
        assert entry.partial == (space.startswith("darts") or space == "mnasnet")
    assert "Absent" in " ".join(entries["nb201"].notes)
    assert "Absent" in " ".join(entries["nb1shot1_3"].notes)


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in BENCHMARKS_DATA.iterdir()) < 8e6
    assert (BENCHMARKS_DATA / "nb1shot1_3.parquet").stat().st_size < 1e6


def test_a_label_costs_a_few_lines(folder):
    """Its columns are there; what is not said of it is as usual."""
    facts = {"dataset": "cifar10", "split": "test", "epochs": 50, "runs": "two", "source": "here"}
    facts |= {"columns": ["cifar10_test_50_run1", "cifar10_test_50_run2"], "reduce": "mean"}
    before = benchmarks.load_table("nbmacro", folder)
    alter(folder, lambda content: content["tables"]["nbmacro"]["labels"].update(mine=facts))
    table = benchmarks.load_table("nbmacro", folder)
    np.testing.assert_allclose(
        table.values(table.keys, "mine"), table.runs(table.keys, "cifar10_test_50")[:, :2].mean(axis=1)
    )
    assert table.dataset("mine").classes == 10
    assert benchmarks.verify(table, folder) == []
    assert {name: table.digest(name) for name in before.labels} == {
        name: before.digest(name) for name in before.labels
    }


def test_a_missing_manifest(tmp_path):
    with pytest.raises(DataError, match=r"There is no MANIFEST\.toml in .*`git checkout`.*import"):
        benchmarks.load_table("nb201", tmp_path)


@pytest.mark.parametrize("text", ["format = ", "\x00", "[[["])
def test_a_manifest_that_is_no_toml(folder, text):
    (folder / "MANIFEST.toml").write_text(text)
    with pytest.raises(DataError, match=r"MANIFEST\.toml cannot be read"):
        benchmarks.load_table("nbmacro", folder)


def test_a_manifest_that_is_no_text(folder):
    (folder / "MANIFEST.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"MANIFEST\.toml cannot be read"):
        benchmarks.load_table("nbmacro", folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda macro: macro.pop("licence"), "licence must be a TOML str, received nothing"),
        (lambda macro: macro.update(title=3), "title must be a TOML str, received 3"),
        (lambda macro: macro.update(partial="no"), "partial must be a TOML bool"),
        (lambda macro: macro.update(notes=[1]), "notes must be a list of strings"),
        (lambda macro: macro.update(files=[]), "expected 1 or 2 files"),
        (lambda macro: macro["files"][0].update(name="../nbmacro.parquet"), "lying beside the manifest"),
        (lambda macro: macro["files"][0].update(rows=True), "rows must be a TOML int, received True"),
        (lambda macro: macro.update(files=["nbmacro.parquet"]), "name must be a TOML str"),
        (lambda macro: macro.update(labels={}), "one label must be marked as the default"),
        (lambda macro: macro["labels"].update(x=3), "label x: dataset must be a TOML str"),
        (lambda macro: macro["labels"]["cifar10_test_50"].update(default=False), "one label must be marked"),
        (
            lambda macro: macro["labels"]["cifar10_test_50_run1"].update(default=True),
            "one label must be marked",
        ),
        (
            lambda macro: macro["labels"]["cifar10_test_50"].update(scale="fraction"),
            "scale must be a TOML float, received 'fraction'",
        ),
        (
            lambda macro: macro["labels"]["cifar10_test_50"].update(reduce="median"),
            "reduce is one of value, mean",
        ),
        (lambda macro: macro["labels"]["cifar10_test_50"].update(reduce="value"), "does not fit 3 columns"),
        (lambda macro: macro["labels"]["cifar10_test_50"].update(columns=[]), "does not fit 0 columns"),
        (lambda macro: macro["labels"]["cifar10_test_50"].update(dataset="mnist"), "received 'mnist'"),
    ],
)
def test_an_entry_of_another_shape(folder, change, reason):
    alter(folder, lambda content: change(content["tables"]["nbmacro"]))
    with pytest.raises(DataError, match=rf"MANIFEST\.toml, table nbmacro.*{reason}"):
        benchmarks.load_table("nbmacro", folder)


def test_a_manifest_of_another_format(folder):
    alter(folder, lambda content: content.update(format=1))
    with pytest.raises(DataError, match="has format 1; this version reads format 2"):
        benchmarks.load_table("nbmacro", folder)
    alter(folder, lambda content: content.update(format=2, tables=3))
    with pytest.raises(DataError, match="tables must be a TOML dict, received 3"):
        benchmarks.load_table("nbmacro", folder)
    alter(folder, lambda content: content.update(tables={"nbmacro": 3}))
    with pytest.raises(DataError, match="expected a TOML table, received 3"):
        benchmarks.load_table("nbmacro", folder)


@pytest.mark.parametrize("name", ["nb1shot1_1.parquet", "nb101_cells.parquet"])
def test_a_missing_or_altered_file(folder, name):
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    expected = hashlib.sha256(content).hexdigest()
    received = hashlib.sha256(content[:-1]).hexdigest()
    with pytest.raises(
        DataError,
        match=rf"{name} is not .*expected SHA-256 {expected}, received {received}; `git checkout` it or",
    ):
        benchmarks.load_table("nb1shot1_1", folder)
    path.unlink()
    with pytest.raises(
        DataError, match=rf"{name} is named in the manifest but cannot be read \(No such file"
    ):
        benchmarks.load_table("nb1shot1_1", folder)


@pytest.mark.parametrize("length", [0, 3, 100, -1])
def test_a_file_that_is_no_parquet(folder, length):
    path = folder / "nbmacro.parquet"
    path.write_bytes(path.read_bytes()[:length])
    accept(folder, path.name)
    with pytest.raises(DataError, match=r"nbmacro\.parquet is not a readable parquet file"):
        benchmarks.load_table("nbmacro", folder)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"cifar10_test_50_run2": None}, "lacks the column cifar10_test_50_run2; it has code, architecture"),
        ({"code": None}, "lacks the column code"),
        (
            {"cifar10_test_50_run2": ["x"] * 6561},
            "column cifar10_test_50_run2 must hold numbers, received object",
        ),
        ({"params": [True] * 6561}, "column params must hold numbers, received bool"),
        ({"code": np.arange(6561) // 2}, "column code must hold ascending integers"),
        ({"code": np.arange(6561) / 2}, "column code must hold ascending integers"),
        ({"listed": np.ones(6561)}, "column listed must hold booleans"),
        ({"flops": [None] + [1] * 6560}, "column flops lacks 1 values"),
    ],
)
def test_columns_of_another_shape(folder, columns, reason):
    rewrite(folder, "nbmacro.parquet", **columns)
    with pytest.raises(DataError, match=reason):
        benchmarks.load_table("nbmacro", folder)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"row": None}, "lacks the column row"),
        ({"row": np.full(3702, 66_111)}, "must point into the 66,111 rows of nb101_cells.parquet"),
        ({"row": np.full(3702, -1)}, "must point into the 66,111 rows"),
        ({"row": np.zeros(3702)}, "must point into the 66,111 rows"),
    ],
)
def test_pointers_of_another_shape(folder, columns, reason):
    rewrite(folder, "nb1shot1_1.parquet", **columns)
    with pytest.raises(DataError, match=reason):
        benchmarks.load_table("nb1shot1_1", folder)


def test_another_number_of_rows(folder):
    alter(folder, lambda content: content["tables"]["nbmacro"]["files"][0].update(rows=6_560))
    with pytest.raises(DataError, match="has 6,561 rows, expected 6,560"):
        benchmarks.load_table("nbmacro", folder)
