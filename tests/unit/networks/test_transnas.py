"""TransNAS-Bench-101's networks: sizes against the tables', shapes, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness import benchmarks, families, networks, spaces
from harness.errors import ConfigError
from harness.families._transnas import FIDELITIES
from harness.networks import _transnas, count_flops, count_parameters, transnas_macro, transnas_micro

NAMES = ("transnas_micro", "transnas_macro")
FAMILIES = {"transnas_micro": transnas_micro, "transnas_macro": transnas_macro}
LAYERS = transnas_micro.layers(FIDELITIES["tiny"])


@pytest.mark.parametrize("name", NAMES)
def test_every_network_has_the_tables_parameters_and_multiply_accumulates(name):
    """The table has the encoder's: those of a network without classes."""
    space, table = spaces.load(name), benchmarks.load_table(name)
    archs = space.listing()
    family = FAMILIES[name]
    size = FIDELITIES["benchmark"]
    assert np.array_equal(
        table.params(archs), [family.parameter_count(space, arch, size, 0) for arch in archs]
    )
    assert np.array_equal(table.flops(archs), [networks.table_flops(space, arch) for arch in archs])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fidelity", "classes", "pixels"),
    [pytest.param("benchmark", 47, 64, marks=pytest.mark.slow), ("small", 9, 50), ("tiny", 75, 32)],
)
def test_formulas_are_those_of_the_modules(name, fidelity, classes, pixels):
    space = spaces.load(name)
    for seed in range(3):
        arch = space.sample(np.random.default_rng(seed))
        module = networks.build(space, arch, fidelity, classes=classes)
        assert count_parameters(module) == networks.parameter_count(space, arch, fidelity, classes)
        assert count_flops(module, pixels) == networks.flop_count(space, arch, fidelity, classes, pixels)


def test_smaller_networks_read_smaller_images():
    space = spaces.load("transnas_micro")
    found = {name: families.image_size(space, name, 256) for name in families.fidelities(space)}
    assert found == {"benchmark": 256, "small": 128, "tiny": 32}
    assert families.image_size(space, "small", 64) == 64, "the pieces of a jigsaw"
    assert families.image_size(spaces.load("nb201"), "tiny", 16) == 16


@pytest.mark.parametrize("pixels", [16, 33, 64])
def test_an_empty_cell_gives_zeros_of_its_outputs_shape(pixels):
    space = spaces.load("transnas_micro")
    network = networks.build(space, space.parse("0_00_000"), "tiny").eval()
    state = network.stem(torch.randn(2, 3, pixels, pixels))
    for cell, layer, side in zip(network.body, LAYERS, _transnas.sides(pixels, LAYERS), strict=True):
        state = cell(state)
        assert state.shape == (2, layer.outputs, side, side)
        assert not state.any()


def test_a_skip_from_the_input_is_a_reduction_where_the_cell_reduces():
    space = spaces.load("transnas_micro")
    network = networks.build(space, space.parse("0_00_100"), "benchmark")
    kinds = [type(cell.edges["3<-0"]).__name__ for cell in network.body]
    assert kinds == ["FactorizedReduce", "Identity", "Identity", "Identity"] * 2 + [
        "FactorizedReduce",
        "Identity",
    ]


def test_the_macro_space_says_why_it_has_no_supernet():
    space = spaces.load("transnas_macro")
    assert not networks.has_supernet(space)
    with pytest.raises(
        ConfigError, match=r"have no supernet \(what one module makes of width .* summed\); take"
    ) as told:
        networks.build_supernet(space, "tiny")
    assert "\n" not in str(told.value)


def test_the_linear_layer_is_drawn_as_pytorch_does():
    space = spaces.load("transnas_macro")
    network = networks.build(space, space.parse("2234"), "small")
    linear, convolution = network.head[-1], network.body[0].residual[0][1]
    assert linear.weight.abs().max() <= linear.in_features**-0.5
    assert linear.bias.any()
    spread = (2 / (convolution.out_channels * 9)) ** 0.5
    assert float(convolution.weight.detach().std()) == pytest.approx(spread, rel=0.05)
