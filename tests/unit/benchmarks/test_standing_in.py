"""Costs of NAS-Bench-201 beside each other: published agreement, and counts by formula."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, networks
from harness.errors import ConfigError, UnknownNameError

WITH_FLOPS = {
    "latency_fpga": 0.831,
    "latency_raspi4": 0.739,
    "latency_pixel3": 0.682,
    "latency_edgegpu": 0.357,
    "latency_samsung_a50": 0.912,
    "latency_titan_rtx_batch256": 0.882,
    "latency_1080ti_batch256": 0.521,
}
"""Tau of HW-NAS-Bench's and HELP's CIFAR-10 costs with multiply-adds."""

WITH_ACCURACY = {
    "cifar10": {"fpga": 0.481, "raspi4": 0.485, "edgegpu": 0.309, "eyeriss": 0.164},
    "cifar100": {"fpga": 0.464, "raspi4": 0.460, "edgegpu": 0.317, "eyeriss": 0.146},
    "imagenet16_120": {"fpga": 0.464, "raspi4": 0.400, "edgegpu": 0.325, "eyeriss": 0.131},
}
"""Tau of latencies with the mean test accuracy after 200 epochs."""


@pytest.fixture(scope="module")
def table():
    return benchmarks.load("nb201")


def test_with_multiply_adds(table):
    found = benchmarks.standing_in(table, "cifar10")
    flops = benchmarks.objective(table, "flops_millions")
    taus = {name: found.tau(benchmarks.objective(table, f"cifar10_{name}"), flops).tau for name in WITH_FLOPS}
    assert taus == pytest.approx(WITH_FLOPS, abs=0.0006)


@pytest.mark.parametrize("dataset", WITH_ACCURACY)
def test_with_accuracy(table, dataset):
    found = benchmarks.standing_in(table, dataset)
    assert found.accuracy.name == f"{dataset}_test_200"
    for device, tau in WITH_ACCURACY[dataset].items():
        cost = benchmarks.objective(table, f"{dataset}_latency_{device}")
        assert cost in found.costs
        assert found.tau(cost, found.accuracy).tau == pytest.approx(tau, abs=0.0011)


def test_what_cannot_be_compiled_is_left_out(table):
    found = benchmarks.standing_in(table, "cifar10")
    edgetpu = benchmarks.objective(table, "cifar10_latency_edgetpu")
    assert found.tau(edgetpu, found.accuracy).n == 15_625 - 4_699


def test_every_pair_comes_once():
    found = benchmarks.standing_in(benchmarks.load("transnas_macro"), "autoencoder")
    pairs = {(first.name, second.name): tau.tau for first, second, tau in found.pairs()}
    named = {"params_millions": -0.121, "flops_millions": 0.363}
    assert len(pairs) == 3
    for name, tau in named.items():
        assert pairs[name, "autoencoder_valid_30"] == pytest.approx(tau, abs=0.0006)


def test_counts_by_formula_are_those_of_the_networks(table):
    archs = table.architectures[::701]
    params, flops = (benchmarks.figures(table, archs, name) for name in ("params_millions", "flops_millions"))
    costs = np.array([networks.trained_cost(table.space, arch) for arch in archs]) / 1e6
    np.testing.assert_allclose(np.stack([params, flops], axis=1), costs, rtol=1e-12)


def test_counts_of_others_are_those_of_their_tables():
    table = benchmarks.load("nbmacro")
    assert benchmarks.figures(table, table.keys, "params_millions")[:5].tolist() == pytest.approx(
        (table.params(table.keys) / 1e6)[:5].tolist()
    )
    assert "flops_millions" not in benchmarks.objectives(benchmarks.load("nb101"))


def test_data_sets_with_costs(table):
    assert benchmarks.datasets_with_costs(table) == ("cifar10", "cifar100", "imagenet16_120")
    assert len(benchmarks.datasets_with_costs(benchmarks.load("transnas_micro"))) == 7


def test_what_is_not_there_is_answered_in_a_sentence(table):
    with pytest.raises(UnknownNameError, match="Unknown data set of nb201 'svhn'"):
        benchmarks.standing_in(table, "svhn")
    with pytest.raises(ConfigError, match="darts has no cost, neither counted nor a label"):
        benchmarks.standing_in(benchmarks.load("darts"), "cifar10")
    with pytest.raises(UnknownNameError, match="Unknown cost of nbmacro 'latency'"):
        benchmarks.objective(benchmarks.load("nbmacro"), "latency")
