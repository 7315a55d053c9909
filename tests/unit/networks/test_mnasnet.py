"""Accel-NASBench's networks: sizes against the table and published networks, shapes, activations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from harness import benchmarks, families, networks, spaces
from harness.errors import ConfigError
from harness.networks import count_flops, count_parameters, mnasnet
from harness.networks._mbconv import strided
from harness.spaces.mnasnet import Block

SPACE = spaces.load("mnasnet")


@pytest.fixture(scope="module")
def table():
    return benchmarks.load_table("mnasnet")


def test_every_network_has_the_tables_parameters_and_multiply_accumulates(table):
    params = [networks.parameter_count(SPACE, arch, classes=1000) for arch in table.architectures]
    assert len(params) == 5_242
    assert np.array_equal(table.params(table.keys), params)
    flops = table.flops(table.keys)
    known = np.isfinite(flops)
    assert known.sum() == 5_125
    computed = np.array([networks.table_flops(SPACE, arch) for arch in table.architectures])
    assert np.array_equal(flops[known], computed[known])


def thop(arch):
    """What the authors count: multiply-accumulates, 4 for each number that is normalised, and poolings."""
    body, side = mnasnet.layers(SPACE.blocks(arch)), 112
    normalised, pooled = 32 * side**2, 0
    for block in body:
        after = strided(side, block.stride)
        normalised += block.hidden * side**2 * (block.expansion > 1)
        normalised += (block.hidden + block.outputs) * after**2
        pooled += (block.hidden * (after**2 + 1)) * (block.squeeze > 0)
        side = after
    normalised, pooled = normalised + 1280 * side**2, pooled + 1280 * (side**2 + 1)
    return networks.table_flops(SPACE, arch) + 4 * normalised + pooled


def test_the_authors_count_of_multiply_accumulates(table):
    archs = table.architectures[::10]
    stated = table.values(archs, "imagenet_macs_thop") * 1e6
    np.testing.assert_allclose(stated, [thop(arch) for arch in archs], rtol=0, atol=0.5)


NARROW = (32, 16, 24, 32, 64, 96, 160, 320)
PUBLISHED = {
    # expansions, kernels, layers, squeeze-and-excitation, widths; parameters, multiply-accumulates in M
    "EfficientNet-B0": ("1666666", "3353553", "1223341", "1111111", mnasnet.WIDTHS, 5_288_548, 385.815),
    "MobileNetV2": ("1666666", "3333333", "1234331", "0000000", NARROW, 3_504_872, 300.774),
    "MnasNet-A1": (
        "1636666", "3353353", "1234231", "0010110", (32, 16, 24, 40, 80, 112, 160, 320), 3_887_038, 311.579,
    ),
    "MnasNet-B1": (
        "1336666", "3355353", "1333241", "0000000", (32, 16, 24, 40, 80, 96, 192, 320), 4_383_312, 314.416,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks(name):
    expansions, kernels, layers, ses, widths, params, macs = PUBLISHED[name]
    blocks = [
        Block(int(expansion), int(kernel), int(depth), se == "1")
        for expansion, kernel, depth, se in zip(expansions, kernels, layers, ses, strict=True)
    ]
    body = mnasnet.layers(blocks, widths)
    assert mnasnet.parameters(body, 1000) == params
    assert mnasnet.flops(body, 1000, 224) / 1e6 == pytest.approx(macs, abs=5e-4)
    with torch.device("meta"):
        assert count_parameters(mnasnet.assembled(body, 1000)) == params


@pytest.mark.parametrize(
    ("fidelity", "pixels"), [("benchmark", 32), ("small", 40), ("tiny", 33), ("small_swish", 32)]
)
def test_formulas_are_those_of_the_modules(fidelity, pixels):
    for seed in range(1 if fidelity == "benchmark" else 2):
        arch = SPACE.sample(np.random.default_rng(seed))
        module = networks.build(SPACE, arch, fidelity, classes=7)
        assert count_parameters(module) == networks.parameter_count(SPACE, arch, fidelity, 7)
        assert count_flops(module, pixels) == networks.flop_count(SPACE, arch, fidelity, 7, pixels)


def test_activations_and_gates():
    arch = SPACE.parse("e1666666_k3353553_l1223341_s1111111")
    found = {}
    for name in mnasnet.ACTIVATIONS:
        module = networks.build(SPACE, arch, mnasnet.Size(4, name), classes=5)
        kinds = {type(part) for part in module.modules()}
        found[name] = kinds & {nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Sigmoid, nn.Hardsigmoid}
        assert torch.isfinite(module(torch.randn(2, 3, 32, 32))).all()
    assert found == {name: set(kinds) for name, kinds in mnasnet.ACTIVATIONS.items()}


def test_squeezing_is_to_a_quarter_of_the_layers_input():
    body = mnasnet.layers(SPACE.blocks(SPACE.parse("e1666666_k3353553_l1223341_s1011111")))
    assert [block.squeeze for block in body[:5]] == [8, 0, 0, 6, 10]
    assert [block.stride for block in body[:4]] == [1, 2, 1, 2]


def test_it_says_why_it_has_no_supernet():
    with pytest.raises(
        ConfigError, match=r"have no supernet \(candidates are depths too, .*\); take a method"
    ):
        networks.require_supernet(SPACE)


def test_images_of_a_fidelity():
    assert families.image_size(SPACE, "benchmark", 224) == 224
    assert families.image_size(SPACE, "small", 224) == 64 == families.image_size(SPACE, "small_swish", 224)
    assert families.image_size(SPACE, "tiny", 224) == 32
