"""Accel-NASBench's figures: labels, splits, trainings twice, trivial baselines, ceilings."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, networks, stats
from harness.benchmarks.importers import mnasnet
from harness.stats.rank_correlation import kendall
from harness.stats.top_ranked import kendall_of_top, top_decile

TOP1, ABLATION, LONGER = mnasnet.TOP1, *mnasnet.RECIPES.values()


@pytest.fixture(scope="module")
def table():
    return benchmarks.load("mnasnet")


@pytest.fixture(scope="module")
def known(table):
    """The architectures of the default label, and their accuracies."""
    values = table.values(table.keys, TOP1)
    there = np.flatnonzero(np.isfinite(values))
    return [table.architectures[int(row)] for row in there], values[there]


def test_what_is_known(table, known):
    assert not table.complete
    assert table.default_label.name == TOP1
    assert (len(table.architectures), len(known[0])) == (5_242, 5_125)
    assert (known[1].min(), known[1].max()) == (42.85, 67.052)
    best = known[0][int(known[1].argmax())]
    assert table.space.format(best) == "e4466666_k3535555_l3331332_s0011101"
    first = "e6466611_k3535533_l1233222_s0000000"
    figures = {name: table.value(first, name) for name in (TOP1, mnasnet.TOP5, "imagenet_macs_thop")}
    assert figures == {TOP1: 59.368, mnasnet.TOP5: 82.636, "imagenet_macs_thop": 415.361072}
    assert table.dataset(TOP1) == benchmarks.Dataset(1000, 224)


def test_what_nobody_trained_is_unknown(table):
    assert np.isnan(table.value("e1666666_k3353553_l1223341_s1111111", TOP1))


def test_the_authors_split(table, known):
    splits = {split: table.values(known[0], label) for split, label in mnasnet.SPLITS.items()}
    assert {split: int(np.isfinite(values).sum()) for split, values in splits.items()} == {
        "train": 4_100, "val": 512, "test": 512,
    }  # fmt: skip
    parts = np.stack(list(splits.values()))
    assert (np.isfinite(parts).sum(axis=0) <= 1).all()
    inside = np.isfinite(parts).any(axis=0)
    np.testing.assert_array_equal(np.nanmax(parts[:, inside], axis=0), known[1][inside])
    assert (~inside).sum() == 1


def test_what_was_trained_twice(table, known):
    again = table.values(known[0], mnasnet.AGAIN)
    twice = np.isfinite(again)
    differences = np.abs(again - known[1])[twice]
    assert twice.sum() == 13
    assert (differences.min(), np.median(differences), differences.max()) == pytest.approx(
        (0.014, 0.086, 1.276), abs=1e-9
    )
    assert table.value("e1444146_k5355355_l2111331_s0000000", TOP1) == 59.996  # the split names this one
    assert table.value("e1444146_k5355355_l2111331_s0000000", mnasnet.AGAIN) == 60.074


def test_trivial_baselines(known):
    archs, values = known
    space = benchmarks.load("mnasnet").space
    params = np.array([networks.parameter_count(space, arch) for arch in archs])
    flops = np.array([networks.flop_count(space, arch, image_size=224) for arch in archs])
    layers = np.array([space.non_identity_operations(arch) for arch in archs])
    found = [kendall(each, values) for each in (params, flops, layers)]
    assert found == pytest.approx([0.621, 0.464, 0.256], abs=5e-4)
    top = top_decile(values)
    assert kendall_of_top(params[top], values[top]) == pytest.approx(0.268, abs=1e-3)


COSTS = {
    # tau with accuracy, figures
    "imagenet_latency_zcu102": (0.303, 5_123), "imagenet_latency_vck190": (0.217, 5_123),
    "imagenet_throughput_zcu102": (-0.299, 5_123), "imagenet_throughput_vck190": (-0.207, 5_123),
    "imagenet_throughput_a100": (-0.230, 5_125), "imagenet_throughput_3090": (-0.237, 5_122),
    "imagenet_throughput_tpuv2": (-0.167, 5_088), "imagenet_throughput_tpuv3": (-0.178, 5_081),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_costs(table, known, name):
    label, costs = table.label(name), table.values(known[0], name)
    there = np.isfinite(costs)
    assert (kendall(costs[there], known[1][there]), there.sum()) == (
        pytest.approx(COSTS[name][0], abs=1e-3),
        COSTS[name][1],
    )
    latency = "latency" in name
    assert (label.unit, label.higher_is_better) == (("ms", False) if latency else ("images/s", True))


FRONTS = {
    "imagenet_latency_zcu102": 42, "imagenet_latency_vck190": 22, "imagenet_throughput_a100": 35,
    "imagenet_throughput_3090": 30, "imagenet_throughput_tpuv2": 18, "imagenet_throughput_tpuv3": 15,
}  # fmt: skip


def test_fronts_of_accuracy_and_cost(table, known):
    keys = np.array([table.space.key(arch) for arch in known[0]])
    costs = {name: -table.goodness(keys, name) for name in FRONTS}
    found = {name: int(stats.pareto_front(known[1], cost).sum()) for name, cost in costs.items()}
    sizes = {"params": table.params(keys), "flops": table.flops(keys)}
    found |= {name: int(stats.pareto_front(known[1], cost).sum()) for name, cost in sizes.items()}
    assert found == {**FRONTS, "params": 45, "flops": 33}


def test_ceilings(table):
    held = table.held
    stated = table.label(TOP1).ceiling
    own = stats.ceiling(table.runs(held, ABLATION))
    assert (stated.kendall, stated.spearman, stated.n) == (own["kendall"], own["spearman"], 117)
    assert own["kendall"] == pytest.approx(0.928, abs=5e-4)
    assert stats.ceiling(table.runs(held, LONGER))["kendall"] == pytest.approx(0.954, abs=5e-3)
    assert table.label(mnasnet.AGAIN).ceiling is None
    short, longer = table.values(held, ABLATION), table.values(held, LONGER)
    there = np.isfinite(short)
    assert there.sum() == np.isfinite(longer).sum() == 117
    assert kendall(short[there], longer[there]) == pytest.approx(0.926, abs=5e-4)
    assert (short[there].mean(), longer[there].mean()) == pytest.approx((60.44, 67.67), abs=5e-3)
    params = table.params(held)[there]
    assert kendall(params, longer[there]) == pytest.approx(0.691, abs=5e-4)
    assert not np.isfinite(table.values(held, TOP1)[there]).any()
