from __future__ import annotations

import gzip

import numpy as np
import pytest

from harness import benchmarks
from harness.benchmarks import importers
from harness.benchmarks.importers import transnas
from harness.errors import DataError

COLUMNS = ["arch", "encoder_params", "encoder_macs_256", *(task.column for task in transnas.TASKS.values())]
MICRO = ["64-41414-3_31_132", "100", "2000", "50.5", "40", "-0.7", "90.5", "94", "0.55", "0.5"]
MACRO = ["64-224131-basic", "300", "4000", "51.5", "41", "-0.6", "91.5", "95", "0.56", "-0.1"]


def write(folder, name, *rows, columns=COLUMNS):
    text = "\n".join(",".join(row) for row in (columns, *rows)) + "\n"
    (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, "transnas_micro", MICRO)
    write(folder, "transnas_macro", MACRO)
    return folder


def test_a_small_source(source, tmp_path):
    importers.write(transnas.read(source, partial=True), tmp_path / "out")
    table = benchmarks.load_table("transnas_macro", tmp_path / "out")
    found = {label: table.values(["224131"], label)[0] for label in table.labels}
    assert list(found.values()) == [51.5, 41, -0.6, 91.5, 95, 0.56, -0.1]
    assert (table.params(table.keys), table.flops(table.keys)) == ([300], [4000])
    assert table.label("room_layout_valid_25").words == "negative loss, valid split, 25 epochs"
    assert (
        table.label("segmentsemantic_valid_30").words == "pixel accuracy in per cent, valid split, 30 epochs"
    )
    assert np.isnan(table.values(["2234"], "class_scene_valid_25")).all()
    assert benchmarks.verify(table, tmp_path / "out") == []


def test_a_partial_source_must_be_meant(source):
    with pytest.raises(DataError, match="transnas_micro.csv.gz holds 1 of 4,096 architectures"):
        transnas.read(source)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["3_31_132", *MICRO[1:]], "3_31_132 is written 64-41414-3_31_132"),
        (["64-41414-3_31_134", *MICRO[1:]], "A transnas_micro architecture is written like"),
        ([*MICRO[:3], "100.5", *MICRO[4:]], "expected a number between 0 and 100, received '100.5'"),
        ([*MICRO[:3], "", *MICRO[4:]], "64-41414-3_31_132 has no class_scene_valid_25"),
        ([*MICRO[:3], "nan", *MICRO[4:]], "expected a number between 0 and 100, received 'nan'"),
        ([*MICRO[:5], "0.7", *MICRO[6:]], "expected a number between -inf and 0"),
        ([*MICRO[:-1], "1.5"], "expected a number between -1 and 1"),
        ([*MICRO[:1], "-4", *MICRO[2:]], "expected a count"),
        ([*MICRO[:1], "1e3", *MICRO[2:]], "invalid literal"),
        (MICRO[:-1], "not in every row the columns autoencoder_valid_ssim"),
    ],
)
def test_damaged_rows(source, row, reason):
    write(source, "transnas_micro", row)
    with pytest.raises(
        DataError, match=rf"transnas_micro\.csv\.gz is not what was expected .*{reason}"
    ) as told:
        transnas.read(source, partial=True)
    assert "\n" not in str(told.value)


def test_damaged_files(source):
    write(source, "transnas_micro", MICRO, MICRO)
    with pytest.raises(DataError, match="an architecture stands there twice"):
        transnas.read(source, partial=True)
    write(source, "transnas_micro", columns=COLUMNS)
    with pytest.raises(DataError, match="it has no rows"):
        transnas.read(source, partial=True)
    path = source / "transnas_micro.csv.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"transnas_micro\.csv\.gz is not what was expected"):
        transnas.read(source, partial=True)
    path.unlink()
    with pytest.raises(DataError, match="There is no .*transnas_micro.csv.gz"):
        transnas.read(source, partial=True)


def test_the_committed_tables_are_the_maintainers(shared, tmp_path):
    importers.write(transnas.read(shared / "data" / "transnas"), tmp_path)
    for name in transnas.SPACES:
        again, held = benchmarks.load_table(name, tmp_path), benchmarks.load_table(name)
        assert {label: again.digest(label) for label in again.labels} == {
            label: held.digest(label) for label in held.labels
        }
