from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import nb101
from harness.errors import DataError

SPACE = spaces.load("nb101")
ROWS = {
    "module_hash": [SPACE.canonical(SPACE.parse(text)) for text in ("conv3x3-bn-relu@0|@0,1", "@0")],
    "vertices": [3, 2],
    "bits": [7, 1],
    "ops": ["0", None],
    "mean_test_acc_108": [0.5, 0.75],
    "params": [10, 20],
}


def write(path, **changed):
    pq.write_table(pa.table({name: column for name, column in (ROWS | changed).items() if column}), path)
    return path


def test_a_small_source(tmp_path):
    importers.write(nb101.read(write(tmp_path / "cells.parquet"), partial=True), tmp_path / "out")
    table = benchmarks.load_table("nb101", tmp_path / "out")
    assert table.values(["@0", "conv3x3-bn-relu@0|@0,1"], "cifar10_test_108").tolist() == [75.0, 50.0]
    assert [SPACE.format(arch) for arch in table.architectures] == ["@0", "conv3x3-bn-relu@0|@0,1"]
    assert benchmarks.verify(table, tmp_path / "out") == []


def test_a_partial_source_must_be_meant(tmp_path):
    with pytest.raises(DataError, match="holds 2 of 423,624 cells"):
        nb101.read(write(tmp_path / "cells.parquet"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"module_hash": ["0" * 32, ROWS["module_hash"][1]]}, "00 is not the hash of its cell"),
        ({"vertices": [8, 2]}, "vertices, bits and ops do not fit together"),
        ({"bits": [9, 1]}, "vertices, bits and ops do not fit together"),
        ({"ops": ["3", None]}, "vertices, bits and ops do not fit together"),
        ({"ops": ["00", None]}, "vertices, bits and ops do not fit together"),
        ({"ops": None}, "it lacks the column ops"),
        ({"params": None}, "lacks the column params"),
        ({"params": [0, 20]}, "params must be counts"),
        ({"mean_test_acc_108": [0.50001, 0.75]}, "must be a share of 29,952 answers"),
        ({"mean_test_acc_108": [1.5, 0.75]}, "must be a share of 29,952 answers"),
        (
            {"vertices": [4, 2], "bits": [0b110011, 1], "ops": ["20", None]},
            "a cell of 4 vertices is not in the release's order",
        ),
        (
            {name: [column[0]] * 2 for name, column in ROWS.items()} | {"module_hash": ROWS["module_hash"]},
            "twice",
        ),
    ],
)
def test_damaged_sources(tmp_path, changed, reason):
    with pytest.raises(DataError, match=reason) as told:
        nb101.read(write(tmp_path / "cells.parquet", **changed), partial=True)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_parquet(tmp_path):
    path = write(tmp_path / "cells.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="cells.parquet is not a readable parquet file"):
        nb101.read(path, partial=True)
