from __future__ import annotations

import csv
import gzip
import io

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import _darts, darts, darts_all
from harness.cli import tables
from harness.errors import DataError


def genotypes(count):
    space, rng = spaces.load("darts"), np.random.default_rng(0)
    return [space.format(space.sample(rng)) for _ in range(count)]


def write(path, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode()))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    trained, labels = rows()
    write(folder / _darts.FILES[0], trained)
    write(folder / _darts.FILES[1], labels)
    return folder


def rows():
    first, second, third = genotypes(3)
    trained = [
        {"source": name, "genotype": text, "accuracy_percent": accuracy, "problems": problems}
        for name, text, accuracy, problems in (
            ("antoyang214", first, "97.0", ""),
            ("sgas20", second, "97.5", ""),
            ("cdp100", third, "88.5", ""),
            ("cdp100", "a cell with none", "10.2", "none"),
        )
    ]
    return trained, [{"genotype": first} | dict.fromkeys(_darts._YANG_LABELS, "96.5")]


def test_labels_belong_to_one_source(source, tmp_path):
    importers.write(darts.read(source), tmp_path / "out")
    for space in ("darts", "darts_s5"):
        table = benchmarks.load_table(space, tmp_path / "out")
        assert benchmarks.verify(table, tmp_path / "out") == []
        assert len(table) == 2
        assert sorted(np.isfinite(table.values(table.keys, "cifar10_test_600_sgas"))) == [False, True]
        assert table.label("cifar10_test_600_best").ceiling == _darts.CEILING
    assert [path.name for path in (tmp_path / "out").glob("*.parquet")] == ["darts.parquet"]


def test_sources_without_a_licence_are_for_a_folder_of_ones_own(source, tmp_path, capsys):
    assert tables.main(["import", "darts_all", str(source)]) == 2
    assert "states no licence" in capsys.readouterr().err
    assert tables.main(["import", "darts_all", str(source), "--out", str(tmp_path / "own")]) == 0
    table = benchmarks.load_table("darts", tmp_path / "own")
    assert len(table) == 3
    assert np.nanmax(table.values(table.keys, "cifar10_test_50_cdp")) == 88.5
    assert any(note.startswith("1 rows are outside") for note in table.description.notes)
    assert {label for label in darts_all.read(source)[0].labels} > {
        label for label in darts.read(source)[0].labels
    }


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("best", "101", "between 0 and 100"),
        ("best", "x", "could not convert"),
        ("genotype", "none~0", "is written as"),
    ],
)
def test_damaged_figures(source, column, value, reason):
    labels = rows()[1]
    labels[0][column] = value
    write(source / _darts.FILES[1], labels)
    with pytest.raises(DataError, match=reason):
        darts.read(source)


def test_twice_and_missing(source):
    write(source / _darts.FILES[1], rows()[1] * 2)
    with pytest.raises(DataError, match="twice"):
        darts.read(source)
    write(source / _darts.FILES[1], [{"genotype": genotypes(1)[0]}])
    with pytest.raises(DataError, match="needs the columns"):
        darts.read(source)
    (source / _darts.FILES[1]).unlink()
    with pytest.raises(DataError, match="There is no"):
        darts.read(source)
