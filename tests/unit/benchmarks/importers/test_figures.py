from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import _nb1shot1, figures, operation_scores
from harness.errors import DataError
from harness.folders import BENCHMARKS_DATA

COLUMNS = [
    "index",
    "arch",
    "cifar10_test_200",
    "cifar100_test_200",
    "imagenet16_120_test_200",
    "cifar10_valid_200",
    "cifar10_valid_run_test_200",
    "cifar10_test_200_run1",
    "cifar10_test_200_run2",
    "cifar10_test_200_run3",
    "cifar10_test_12",
    "cifar10_valid_12",
    "cifar100_test_12",
    "cifar100_valid_12",
    "imagenet16_120_test_12",
    "imagenet16_120_valid_12",
    "params_millions_cifar10",
    "flops_millions_cifar10",
]
ROW = dict.fromkeys(COLUMNS[2:-2], "90.25") | {
    "index": "7",
    "arch": "|none~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|",
    "cifar10_test_200_run2": "",
    "params_millions_cifar10": "0.073306",
    "flops_millions_cifar10": "",
}


@pytest.fixture(autouse=True)
def one_space(monkeypatch):
    monkeypatch.setattr(_nb1shot1, "SPACES", ("nb1shot1_1",))


def write_nb201(folder, rows, columns=COLUMNS):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "nb201" / "accuracy.csv.gz").write_bytes(gzip.compress(text.getvalue().encode()))


def write_nb101(folder, **columns):
    pq.write_table(pa.table(columns), folder / "nb101" / "test108.parquet")


def write_nbmacro(folder):
    fields = {"test_acc": [90.5, 91, 91.1], "mean_acc": 272.6 / 3, "std": 0.1, "params": 100, "flops": 2_000}
    path = folder / "nbmacro" / "nas-bench-macro_cifar10.json"
    path.write_text(json.dumps({"22212220": fields}))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "data"
    for name in ("nb201", "nb101", "nbmacro"):
        (folder / name).mkdir(parents=True)
    cells = [*list(_nb1shot1.hashes("nb1shot1_1").values())[:2], "f" * 32]
    write_nb201(folder, [ROW, ROW | {"arch": ROW["arch"].replace("avg_pool_3x3", "none"), "index": "3"}])
    write_nb101(folder, module_hash=cells, mean_test_acc_108=[0.9, 0.8, 0.7], params=[11, 22, 33])
    write_nbmacro(folder)
    return folder


def test_small_sources(source, tmp_path):
    importers.write(figures.read(source, partial=True), tmp_path / "out")
    assert benchmarks.tables(tmp_path / "out") == ("nb1shot1_1", "nb201", "nbmacro")
    nb201 = benchmarks.load_table("nb201", tmp_path / "out")
    arch = spaces.load("nb201").parse(ROW["arch"])
    assert nb201.runs([arch], "cifar10_test_200").tolist() == [
        [90.25, pytest.approx(np.nan, nan_ok=True), 90.25]
    ]
    assert nb201.params([arch]).tolist() == [73_306]
    assert np.isnan(nb201.flops([arch])).all()
    nb101 = benchmarks.load_table("nb1shot1_1", tmp_path / "out")
    assert sorted(set(nb101.values(nb101.held, "cifar10_test_108"))) == [80.0, 90.0]
    assert sorted(set(nb101.params(nb101.held))) == [11, 22]


def test_a_partial_source_must_be_meant(source):
    with pytest.raises(DataError, match="holds 1 of 6,561 architectures"):
        figures.read(source)


@pytest.mark.parametrize(
    ("rows", "columns", "reason"),
    [
        ([ROW], [name for name in COLUMNS if name != "cifar100_test_12"], "missing: cifar100_test_12"),
        ([ROW | {"cifar10_test_200": "abc"}], COLUMNS, "could not convert"),
        (
            [ROW | {"cifar10_test_200": "100.5"}],
            COLUMNS,
            "cifar10_test_200: an accuracy lies between 0 and 100",
        ),
        ([ROW | {"cifar10_test_200": "nan"}], COLUMNS, "an accuracy lies between 0 and 100"),
        ([ROW | {"arch": "|none~0|"}], COLUMNS, "An nb201 architecture is written like"),
        ([ROW | {"arch": ROW["arch"].replace("avg", "max")}], COLUMNS, "Unknown operation of nb201"),
        ([ROW | {"index": "x"}], COLUMNS, "invalid literal"),
        ([ROW | {"params_millions_cifar10": "inf"}], COLUMNS, "infinity"),
        ([ROW, ROW], COLUMNS, "an architecture stands there twice"),
    ],
)
def test_a_damaged_nb201_table(source, rows, columns, reason):
    write_nb201(source, rows, columns)
    with pytest.raises(DataError, match=rf"accuracy\.csv\.gz is not what was expected .*{reason}"):
        figures.read(source, partial=True)


def test_a_truncated_nb201_table(source):
    path = source / "nb201" / "accuracy.csv.gz"
    content = path.read_bytes()
    for damaged in (content[:-10], content[: len(content) // 2], b"", b"arch", content[:-8] + bytes(8)):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"accuracy\.csv\.gz"):
            figures.read(source, partial=True)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (
            {"module_hash": ["a"], "params": [1]},
            "lacks the column mean_test_acc_108; it has module_hash, params",
        ),
        ({"module_hash": ["a"], "mean_test_acc_108": ["x"], "params": [1]}, "must hold numbers"),
        ({"module_hash": ["a"], "mean_test_acc_108": [1.5], "params": [1]}, "must lie between 0 and 1"),
        (
            {"module_hash": ["a"], "mean_test_acc_108": [None], "params": [1]},
            "must hold numbers|lacks 1 values",
        ),
        (
            {"module_hash": ["a"], "mean_test_acc_108": [0.5], "params": [1]},
            "holds 0 of the spaces' 2,685 cells",
        ),
    ],
)
def test_a_damaged_nb101_table(source, columns, reason):
    write_nb101(source, **columns)
    with pytest.raises(DataError, match=rf"test108\.parquet.*({reason})"):
        figures.read(source, partial=True)


def test_an_nb101_table_that_is_no_parquet(source):
    (source / "nb101" / "test108.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(DataError, match="not a readable parquet file"):
        figures.read(source, partial=True)


def test_a_complete_nb101_table_that_lacks_a_needed_cell(source, monkeypatch):
    monkeypatch.setattr(figures, "NB101_CELLS", 3)
    with pytest.raises(DataError, match=r"holds 2 of the spaces' 2,685 cells"):
        figures._nb101(source / "nb101" / "test108.parquet", False, importers.untracked)


@pytest.mark.parametrize(
    "name", ["nb201/accuracy.csv.gz", "nb101/test108.parquet", "nbmacro/nas-bench-macro_cifar10.json"]
)
def test_missing_files(source, name):
    (source / name).unlink()
    with pytest.raises(DataError, match=f"There is no .*{name}"):
        figures.read(source, partial=True)


def test_the_committed_files_are_what_the_sources_make(shared, tmp_path):
    """All but the two larger spaces, whose cells take a minute to enumerate."""
    read = {table.space: table for table in figures.read(shared / "data")}
    for name in ("nb201", "nbmacro"):
        importers.write([read[name]], tmp_path, force=True)
        assert benchmarks.load_table(name, tmp_path).description == benchmarks.load(name).description


@pytest.mark.slow
def test_all_committed_files_are_what_the_sources_make(shared, tmp_path, monkeypatch):
    monkeypatch.setattr(_nb1shot1, "SPACES", ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3"))
    importers.write(figures.read(shared / "data"), tmp_path)
    importers.write(operation_scores.read(shared / "reference"), tmp_path)
    committed = {path.name: path for path in BENCHMARKS_DATA.glob("*.*")}
    del committed["published.toml"]  # written by hand
    for path in committed.values():
        digests = [
            hashlib.sha256((folder / path.name).read_bytes()).hexdigest()
            for folder in (tmp_path, path.parent)
        ]
        assert digests[0] == digests[1], path.name
