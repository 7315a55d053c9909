from __future__ import annotations

import json

import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import nbmacro_json
from harness.errors import DataError

FIELDS = {"test_acc": [90.5, 91.0, 91.1], "mean_acc": 272.6 / 3, "std": 0.1, "params": 100, "flops": 2_000}


@pytest.fixture
def write(tmp_path):
    def make(content):
        path = tmp_path / "nas-bench-macro_cifar10.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return make


def test_a_partial_file(write, tmp_path):
    other = FIELDS | {"test_acc": [10, 10.0, 40.0], "mean_acc": 20.0, "params": 7}
    source = write({"22212220": FIELDS, "00000000": other})
    importers.write(nbmacro_json.read(source, partial=True), tmp_path / "out")
    table, space = benchmarks.load_table("nbmacro", tmp_path / "out"), spaces.load("nbmacro")
    archs = [space.parse("00000000"), space.parse("22212220")]
    assert table.values(archs, "cifar10_test_50").tolist() == pytest.approx([20.0, 272.6 / 3])
    assert table.runs(archs, "cifar10_test_50").tolist() == [[10.0, 10.0, 40.0], [90.5, 91.0, 91.1]]
    assert table.params(archs).tolist() == [7, 100]
    assert table.flops(archs).tolist() == [2_000, 2_000]
    with pytest.raises(DataError, match="holds 2 of 6,561 architectures"):
        nbmacro_json.read(source)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"22212220": ', "Expecting value"),
        ("[" * 100_000, "recursion|Expecting"),
        ([1], "expected a JSON object, received a list"),
        ({"2221222": FIELDS}, "8 digits of 0"),
        ({"22212223": FIELDS}, "8 digits of 0"),
        ({"22212220": [1, 2]}, "expected test_acc, mean_acc, std, params and flops"),
        ({"22212220": 5}, "not iterable"),
        ({"22212220": {"test_acc": []}}, "expected test_acc, mean_acc, std, params and flops"),
        ({"22212220": FIELDS | {"more": 1}}, "expected test_acc, mean_acc"),
        ({"22212220": FIELDS | {"test_acc": [90.5, 91.0]}}, "expected 3 test accuracies and their mean"),
        ({"22212220": FIELDS | {"mean_acc": 90.0}}, "expected 3 test accuracies and their mean"),
        ({"22212220": FIELDS | {"test_acc": [90.5, 91.0, 191.1]}}, "between 0 and 100, received '191.1'"),
        ({"22212220": FIELDS | {"test_acc": [90.5, 91.0, "x"]}}, "between 0 and 100"),
        ({"22212220": FIELDS | {"test_acc": [90.5, 91.0, float("nan")]}}, "between 0 and 100"),
        ({"22212220": FIELDS | {"test_acc": None}}, "not iterable"),
        ({"22212220": FIELDS | {"params": 1.5}}, "expected a count, received '1.5'"),
        ({"22212220": FIELDS | {"flops": True}}, "expected a count, received 'True'"),
        ({"22212220": FIELDS | {"flops": -3}}, "expected a count, received '-3'"),
    ],
)
def test_a_damaged_file(write, content, reason):
    with pytest.raises(
        DataError, match=rf"nas-bench-macro_cifar10\.json is not what was expected .*({reason})"
    ):
        nbmacro_json.read(write(content), partial=True)


def test_missing_and_empty_files(write, tmp_path):
    with pytest.raises(DataError, match=r"There is no .*nowhere\.json"):
        nbmacro_json.read(tmp_path / "nowhere.json")
    with pytest.raises(DataError, match="holds 0 of 6,561"):
        nbmacro_json.read(write({}), partial=True)
