"""Drawing weights: the distributions, against PyTorch's own and the definition of TensorFlow's."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from scipy import stats
from torch import nn

from harness.networks._weights import TRUNCATED_STD, draw


def drawn(layer: nn.Module, init: str) -> nn.Module:
    return draw(nn.Sequential(layer), init, 0)[0]


@pytest.mark.parametrize(
    "make",
    [lambda: nn.Conv2d(16, 64, 3), lambda: nn.Conv2d(64, 256, 5, groups=64), lambda: nn.Linear(64, 200)],
)
def test_pytorch_is_what_layers_draw_by_themselves(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = make()
    actual = drawn(make(), "pytorch")
    for ours, theirs in ((actual.weight, expected.weight), (actual.bias, expected.bias)):
        assert stats.ks_2samp(ours.detach().flatten(), theirs.detach().flatten()).pvalue > 0.01
        assert ours.abs().max() <= 1 / sqrt(expected.weight[0].numel())


def test_tensorflow_convolutions_are_truncated_normal_with_variance_one_over_inputs():
    weight = drawn(nn.Conv2d(32, 256, 3, bias=False), "tensorflow").weight.detach().flatten().double()
    std = sqrt(1 / (32 * 9))
    assert weight.std().item() == pytest.approx(std, rel=0.01)
    law = stats.truncnorm(-2, 2, scale=std / TRUNCATED_STD)
    assert stats.kstest(weight, law.cdf).pvalue > 0.01
    assert stats.truncnorm(-2, 2).std() == pytest.approx(TRUNCATED_STD, rel=1e-12)


def test_tensorflow_linear_layers_are_glorot_uniform_with_biases_zero():
    layer = drawn(nn.Linear(512, 10), "tensorflow")
    bound = sqrt(6 / 522)
    assert not layer.bias.any()
    assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert stats.kstest(layer.weight.detach().flatten(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("make", "inputs", "outputs"),
    [
        (lambda: nn.Conv2d(16, 64, 3), 16 * 9, 64 * 9),
        (lambda: nn.Linear(200, 64), 200, 64),
        (lambda: nn.Conv2d(64, 64, 5, groups=64), 25, 64 * 25),
    ],
)
def test_kaiming_is_normal_with_variance_two_over_inputs_or_outputs(make, inputs, outputs):
    for init, fan in (("kaiming_fan_in", inputs), ("kaiming_fan_out", outputs)):
        layer = drawn(make(), init)
        assert stats.kstest(layer.weight.detach().flatten() / sqrt(2 / fan), "norm").pvalue > 0.01
        assert not layer.bias.any()
