"""Inverted residuals: what they compute, parameters and multiply-accumulates."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from harness import networks
from harness.networks._mbconv import Block, MBConv
from harness.networks._weights import draw

PLAIN = Block(4, 4, expansion=3, kernel=5)
SHAPES = [
    PLAIN,
    Block(4, 6, expansion=6, kernel=3),
    Block(4, 4, expansion=6, kernel=7, stride=2),
    Block(4, 6, expansion=1, kernel=3),
    Block(4, 4, expansion=1, kernel=5, squeeze=1),
    Block(8, 8, expansion=4, kernel=3, squeeze=2),
]


@pytest.mark.parametrize("block", SHAPES, ids=str)
@pytest.mark.parametrize("side", [7, 8])
def test_formulas_are_those_of_the_module(block, side):
    module = draw(MBConv(block), "pytorch", 0)
    assert networks.count_parameters(module) == block.parameters
    assert networks.count_flops(module, side, channels=block.inputs) == block.flops(side)


@pytest.mark.parametrize("block", SHAPES, ids=str)
def test_it_computes_what_the_papers_say(block):
    eps = 1e-3
    module = draw(MBConv(block, nn.ReLU6, nn.Hardsigmoid, eps), "kaiming_fan_in", 1).eval()
    inputs = 4 * torch.randn(2, block.inputs, 9, 9, generator=torch.Generator().manual_seed(0))
    weight = {name: tensor for name, tensor in module.named_parameters()}
    shrink = (1 + eps) ** -0.5
    state = inputs
    if block.expansion > 1:
        state = F.relu6(shrink * F.conv2d(state, weight["widen.0.weight"]))
    kernel = weight["depthwise.0.weight"]
    assert kernel.shape == (block.hidden, 1, block.kernel, block.kernel)
    state = F.conv2d(state, kernel, stride=block.stride, padding=block.kernel // 2, groups=block.hidden)
    state = F.relu6(shrink * state)
    if block.squeeze:
        means = state.mean((2, 3), keepdim=True)
        squeezed = F.conv2d(means, weight["excite.gates.1.weight"], weight["excite.gates.1.bias"])
        assert squeezed.shape[1] == block.squeeze
        gates = F.conv2d(F.relu6(squeezed), weight["excite.gates.3.weight"], weight["excite.gates.3.bias"])
        state = state * F.hardsigmoid(gates)
    state = shrink * F.conv2d(state, weight["project.0.weight"])
    torch.testing.assert_close(module(inputs), state + inputs if block.residual else state)


def test_the_input_is_added_at_stride_1_between_equal_widths_alone():
    assert [block.residual for block in SHAPES] == [True, False, False, False, True, True]


def test_at_expansion_1_nothing_is_widened_and_without_a_squeeze_nothing_excited():
    module = MBConv(Block(4, 4, expansion=1, kernel=3))
    assert [type(part) for part in (module.widen, module.excite)] == [nn.Identity, nn.Identity]
    assert sum(isinstance(part, nn.Conv2d) for part in module.modules()) == 2
    assert sum(isinstance(part, nn.ReLU) for part in module.modules()) == 1
