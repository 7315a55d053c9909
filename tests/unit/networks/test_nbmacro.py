"""NAS-Bench-Macro's networks: the table's parameters and FLOPs, and the shape of the layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from harness import benchmarks, networks, spaces

SPACE = spaces.load("nbmacro")


def test_parameters_and_flops_of_all_architectures_are_the_tables():
    table = benchmarks.load("nbmacro")
    params = [networks.parameter_count(SPACE, arch) for arch in SPACE.listing()]
    flops = [networks.table_flops(SPACE, arch) for arch in SPACE.listing()]
    assert (table.params(SPACE.listing()) == params).all()
    assert (table.flops(SPACE.listing()) == flops).all()


@pytest.mark.parametrize("text", ["00000000", "22222222", "11111111", "02012100", "20101202"])
def test_the_benchmarks_modules_have_the_tables_counts(text):
    arch = SPACE.parse(text)
    module = networks.build(SPACE, arch)
    assert networks.count_parameters(module) == networks.parameter_count(SPACE, arch)
    assert networks.count_flops(module, 32) == networks.table_flops(SPACE, arch)


@pytest.mark.parametrize("fidelity", ["small", "tiny"])
def test_parameter_formula_equals_the_modules(fidelity):
    rng = np.random.default_rng(0)
    for arch in (SPACE.sample(rng) for _ in range(8)):
        module = networks.build(SPACE, arch, fidelity, classes=100)
        assert networks.parameter_count(SPACE, arch, fidelity, 100) == networks.count_parameters(module)


def test_an_inverted_residual_is_three_convolutions_plus_the_input_where_shapes_agree():
    module = networks.build(SPACE, SPACE.parse("01200000"), "tiny").eval()
    generator = torch.Generator().manual_seed(0)
    keeps, halves = module.body[1], module.body[2]
    for block, kernel, stride in ((keeps, 3, 1), (halves, 5, 2)):
        width = block.widen[0].in_channels
        inputs = torch.randn(2, width, 8, 8, generator=generator)
        shrink = 1 / (1 + 1e-5) ** 0.5
        hidden = (F.conv2d(inputs, block.widen[0].weight) * shrink).relu()
        hidden = F.conv2d(
            hidden, block.depthwise[0].weight, stride=stride, padding=kernel // 2, groups=hidden.shape[1]
        )
        expected = F.conv2d((hidden * shrink).relu(), block.project[0].weight) * shrink
        expected = expected + inputs if stride == 1 else expected
        torch.testing.assert_close(block(inputs), expected)
        assert hidden.shape[1] == width * (3 if kernel == 3 else 6)


def test_an_identity_is_a_convolution_only_where_the_shape_changes():
    module = networks.build(SPACE, SPACE.parse("00000000"))
    kinds = [type(layer) for layer in module.body]
    assert kinds == [nn.Sequential, nn.Identity] + [nn.Sequential, nn.Identity, nn.Identity] * 2
    assert [module.body[index][0].out_channels for index in (0, 2, 5)] == [64, 128, 256]
