from __future__ import annotations

import gzip

import numpy as np
import pytest

from harness import benchmarks
from harness.benchmarks import importers
from harness.benchmarks.importers import mnasnet
from harness.errors import DataError

GENES = ("expansion", "kernel", "layers", "se")
COLUMNS = (
    "arch_id", "split", *GENES, "val_top1_pct", "val_top5_pct", "params_millions",
    "conv_linear_macs_millions_224", *mnasnet._costs().values(),
)  # fmt: skip
ABLATION = (
    "scheme", "seed", *GENES, "val_top1_pct", "val_top5_pct", "params_millions", "reported_macs_millions_224",
)  # fmt: skip
NET = ("1666666", "3353553", "1223341", "1111111")
OTHER = ("6466611", "3535533", "1233222", "0000000")
THIRD = ("4466666", "3535555", "3331332", "0011101")


def trained(number="0", split="train", net=NET, top1="60.075996", top5="82.57", costs=None):
    costs = costs or ["1.5", "2.5", *["300.5"] * 6, "415.361072"]
    return [number, split, *net, top1, top5, "5.288548", "385.814752", *costs]


def ablated(scheme="proxified", seed="1", net=OTHER, top1="61.5", top5="83.5"):
    return [scheme, seed, *net, top1, top5, "2.50116", "415.361072"]


def write(path, columns, *rows):
    text = "\n".join(",".join(row) for row in (columns, *rows)) + "\n"
    path.write_bytes(gzip.compress(text.encode()))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / mnasnet.FILES[0], COLUMNS, trained())
    write(folder / mnasnet.FILES[1], ABLATION, ablated(), ablated("fewproxy", "3", top1="69.002"))
    return folder


def test_a_small_source(source, tmp_path):
    importers.write(mnasnet.read(source, partial=True), tmp_path / "out")
    table = benchmarks.load_table("mnasnet", tmp_path / "out")
    first, second = "e1666666_k3353553_l1223341_s1111111", "e6466611_k3535533_l1233222_s0000000"
    known = {name: value for name in table.labels if np.isfinite(value := table.value(first, name))}
    assert known == pytest.approx({
        "imagenet_valid_16": 60.076, "imagenet_valid_16_top5": 82.57, "imagenet_valid_16_of_train": 60.076,
        "imagenet_latency_zcu102": 1.5, "imagenet_latency_vck190": 2.5, "imagenet_macs_thop": 415.361072,
        **{f"imagenet_throughput_{device}": 300.5 for device in mnasnet._DEVICES},
    })  # fmt: skip
    assert table.value(second, "imagenet_valid_16_ablation") == 61.5
    assert table.value(second, "imagenet_valid_0_ablation") == 69.002
    assert table.runs([second], "imagenet_valid_0_ablation")[0, 2] == 69.002
    assert (table.params([first]), table.flops([first])) == ([5_288_548], [385_814_752])
    assert np.isnan(table.flops([second]))
    assert table.label("imagenet_throughput_a100").words == "throughput on an A100 in images/s"
    assert table.label("imagenet_latency_zcu102").words == "latency on a ZCU102 in ms, negated"
    assert table.label("imagenet_valid_16").ceiling is None  # of one network nothing can be ranked
    faults = benchmarks.verify(table, tmp_path / "out")
    assert {fault.partition(" ")[0] for fault in faults} == {
        name
        for name in table.labels
        if "valid" in name and np.isnan(table.values([first, second], name)).all()
    }


@pytest.mark.parametrize("order", [0, 1])
def test_of_two_trainings_the_one_that_the_split_names_counts(source, order):
    rows = [trained("3", "val", top1="60"), trained("446", "", top1="61")]
    write(source / mnasnet.FILES[0], COLUMNS, *rows[:: -1 if order else 1])
    (table,) = mnasnet.read(source, partial=True)
    stored = table.files["mnasnet.parquet"]
    assert [np.nanmax(stored[name]) for name in (mnasnet.TOP1, mnasnet.AGAIN)] == [30_000, 30_500]


def test_partial_sources_must_be_meant(source):
    with pytest.raises(DataError, match="anb_mnasnet_imagenet.csv.gz holds 1 of 5,138 trainings"):
        mnasnet.read(source)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([trained(net=("2666666", *NET[1:]))], "An architecture of mnasnet is its string"),
        ([trained(top1="100.5")], "expected a number between 0 and 100, received '100.5'"),
        ([trained(top1="60.0771")], "val_top1_pct must be a share of 50,000, received '60.0771'"),
        ([trained(top1="")], "val_top1_pct must be a share of 50,000, received ''"),
        ([trained(top1="nan")], "expected a number between 0 and 100, received 'nan'"),
        ([trained(split="exam")], "split is train, val, test or nothing, received 'exam'"),
        ([trained(costs=["-1", *["1"] * 8])], "zcu102_latency_ms_mean: expected a number between 0 and inf"),
        ([trained(), trained("1")], "stands there twice, and the split does not name one of the two"),
        ([trained(split=""), trained(split="")], "stands there twice, and the split does not name one"),
        ([trained(), trained(split=""), trained(split="")], "stands there twice, and the split does not"),
        ([trained()[:-1]], "not in every row the columns reported_macs_millions_224"),
        ([], "it has no rows"),
    ],
)
def test_damaged_trainings(source, rows, reason):
    write(source / mnasnet.FILES[0], COLUMNS, *rows)
    with pytest.raises(DataError, match=f"imagenet.csv.gz is not what was expected .*{reason}") as told:
        mnasnet.read(source, partial=True)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([ablated("short")], "no recipe 'short' and seed '1'"),
        ([ablated(seed="4")], "no recipe 'proxified' and seed '4'"),
        ([ablated(seed="one")], "invalid literal"),
        ([ablated(), ablated()], "stands there twice"),
        ([ablated(net=NET)], "an architecture of it stands in anb_mnasnet_imagenet.csv.gz too"),
    ],
)
def test_damaged_ablation(source, rows, reason):
    write(source / mnasnet.FILES[1], ABLATION, *rows)
    with pytest.raises(DataError, match=f"seeds.csv.gz is not what was expected .*{reason}"):
        mnasnet.read(source, partial=True)


def test_damaged_files(source):
    path = source / mnasnet.FILES[1]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"anb_ablation_seeds\.csv\.gz is not what was expected"):
        mnasnet.read(source, partial=True)
    path.unlink()
    with pytest.raises(DataError, match="There is no .*anb_ablation_seeds.csv.gz"):
        mnasnet.read(source, partial=True)


def test_the_ceiling_is_the_agreement_of_two_seeds(source):
    rows = [
        ablated(seed=str(seed), net=net, top1=str(top1), top5=str(top1 + 20))
        for net, top1s in ((OTHER, (60, 61, 60)), (THIRD, (62, 60, 63)))
        for seed, top1 in zip(mnasnet.SEEDS, top1s, strict=True)
    ]
    write(source / mnasnet.FILES[1], ABLATION, *rows)
    (table,) = mnasnet.read(source, partial=True)
    ceiling = table.labels[0].ceiling
    assert (ceiling.kendall, ceiling.n) == (pytest.approx((-1 + 1 - 1) / 3), 2)
    assert {label.name for label in table.labels if label.ceiling} == {
        mnasnet.TOP1, mnasnet.TOP5, *mnasnet.SPLITS.values(),
    }  # fmt: skip


def test_the_committed_table_is_the_maintainers(shared, tmp_path):
    importers.write(mnasnet.read(shared / "data" / "mnasnet"), tmp_path)
    again, held = benchmarks.load_table("mnasnet", tmp_path), benchmarks.load_table("mnasnet")
    assert {label: again.digest(label) for label in again.labels} == {
        label: held.digest(label) for label in held.labels
    }
