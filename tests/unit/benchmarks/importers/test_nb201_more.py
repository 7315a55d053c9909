"""Costs, one-seed validation and robustness of NAS-Bench-201's networks."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from harness import benchmarks
from harness.benchmarks import importers
from harness.benchmarks._label import UNTRAINED
from harness.benchmarks.importers import _nb201_more, nb201_robustness
from harness.cli import tables
from harness.errors import DataError

HARDWARE, HELP, VALIDATION = _nb201_more.LICENSED
INDEX = np.array([7, 3])


def write(folder, further, *rows, columns=None):
    columns = ["index", *further.labels] if columns is None else columns
    text = "\n".join(",".join(map(str, row)) for row in (columns, *rows)) + "\n"
    (folder / further.name).write_bytes(gzip.compress(text.encode()))


def row(further, index, value="2.5"):
    return [index, *[value] * len(further.labels)]


def test_costs_are_negated_and_named_with_their_unit():
    table = benchmarks.load_table("nb201")
    costs = [label for label in table.labels.values() if label.split == UNTRAINED]
    assert len(costs) == 9 * 3 + 27 - 4
    assert not any(label.higher_is_better for label in costs)
    assert {(label.metric.split()[0], label.unit) for label in costs} == {("latency", "ms"), ("energy", "mJ")}
    label = table.label("cifar10_latency_titanx_batch32")
    assert label.words == "latency on a Titan X, batch 32 in ms, negated"
    assert table.goodness(table.keys, label.name).max() == -table.values(table.keys, label.name).min()


def test_known_figures():
    """Of the first architecture as HW-NAS-Bench's authors print them, and what the collectors count."""
    table = benchmarks.load_table("nb201")
    first = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    published = {
        "latency_edgegpu": 5.807418537, "energy_edgegpu": 24.2266, "latency_raspi4": 10.48198,
        "latency_edgetpu": 0.957181, "latency_pixel3": 3.60585, "latency_eyeriss": 3.64562,
        "energy_eyeriss": 0.687283, "latency_fpga": 2.57296, "energy_fpga": 18.01072,
    }  # fmt: skip
    for name, value in published.items():
        assert table.value(first, f"cifar10_{name}") == pytest.approx(value, rel=1e-5)
    for dataset in ("cifar10", "cifar100", "imagenet16_120"):
        assert np.isnan(table.values(table.keys, f"{dataset}_latency_edgetpu")).sum() == 4_699
    assert table.digest("cifar10_latency_fpga") == table.digest("cifar100_latency_fpga")
    best = {
        name: np.nanmax(table.values(table.keys, f"{name}_valid_200_one_seed"))
        for name in ("cifar100", "imagenet16_120")
    }
    assert best == {"cifar100": 73.26, "imagenet16_120": 47.3333}


def test_columns_stand_in_the_order_asked_for(tmp_path):
    write(tmp_path, VALIDATION, row(VALIDATION, 3, 30), row(VALIDATION, 5), row(VALIDATION, 7, 70))
    columns, labels, notes = _nb201_more.read(tmp_path, [VALIDATION], INDEX, False)
    assert [values.tolist() for values in columns.values()] == [[70.0, 30.0]] * 2
    assert list(columns) == [label.name for label in labels]
    assert len(notes) == 1


def test_what_may_be_missing(tmp_path):
    with pytest.raises(DataError, match="There is no .*hw_nas_bench"):
        _nb201_more.read(tmp_path, [HARDWARE], INDEX, False)
    assert _nb201_more.read(tmp_path, [HARDWARE], INDEX, True) == ({}, (), ())
    write(tmp_path, HARDWARE, row(HARDWARE, 3))
    with pytest.raises(DataError, match="holds 1 of 2 architectures"):
        _nb201_more.read(tmp_path, [HARDWARE], INDEX, False)
    columns, _, _ = _nb201_more.read(tmp_path, [HARDWARE], INDEX, True)
    np.testing.assert_array_equal(columns["cifar10_latency_fpga"], [np.nan, 2.5])


@pytest.mark.parametrize(
    ("further", "rows", "reason"),
    [
        (HELP, [row(HELP, 3), row(HELP, 7, "")], "architecture 7 has no 1080ti_1_ms"),
        (HELP, [row(HELP, 3), row(HELP, 7, "-1")], "expected a number between 0 and inf, received '-1'"),
        (HARDWARE, [row(HARDWARE, 3), row(HARDWARE, 7, "inf")], "received 'inf'"),
        (VALIDATION, [row(VALIDATION, 3), row(VALIDATION, 7, "101")], "between 0 and 100, received '101'"),
        (HELP, [row(HELP, 3), row(HELP, 7), row(HELP, 7)], "an architecture stands there twice"),
        (HELP, [row(HELP, 3), row(HELP, 7)[:-1]], "not in every row the columns"),
        (HELP, [row(HELP, 3), row(HELP, "x")], "invalid literal"),
    ],
)
def test_damaged_files(tmp_path, further, rows, reason):
    write(tmp_path, further, *rows)
    with pytest.raises(DataError, match=rf"{further.name} is not what was expected .*{reason}") as told:
        _nb201_more.read(tmp_path, [further], INDEX, False)
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_robustness_goes_to_a_folder_of_ones_own(shared, tmp_path, capsys):
    source = shared / "data" / "nb201"
    assert tables.main(["import", "nb201_robustness", str(source)]) == 2
    assert (
        "holds figures whose source states no licence; name a folder of your own" in capsys.readouterr().err
    )
    (table,) = nb201_robustness.read(source)
    importers.write([table], tmp_path)
    held = benchmarks.load_table("nb201", tmp_path)
    attacked = [label for label in held.labels.values() if label.metric.startswith("accuracy under")]
    assert {label.metric.split()[-1] for label in attacked} == {"FGSM", "PGD", "APGD-CE", "Square"}
    best = {
        name: held.values(held.keys, f"cifar10_test_200_{name}_1").max()
        for name in ("fgsm", "pgd", "apgd_ce", "square")
    }
    assert best == {"fgsm": 69.2, "pgd": 58.8, "apgd_ce": 54.0, "square": 73.6}
    assert benchmarks.verify(held, tmp_path) == []
