"""Counts of parameters and multiply-accumulates, against hand counts and PyTorch's own counter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from harness import networks, spaces
from harness.networks import count_flops, count_parameters


def test_hand_count():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, (5, 3), stride=2, groups=4),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )
    assert count_parameters(module) == 3 * 8 * 9 + 16 + (2 * 15 * 8 + 8) + 90
    assert count_flops(module, 32) == 32 * 32 * 8 * 27 + 14 * 15 * 8 * 2 * 15 + 80


def test_a_layer_that_runs_twice_counts_twice_and_one_that_never_runs_not_at_all():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.used(self.used(images))

    assert count_flops(Twice(), 8) == 2 * 9 * 64
    assert count_parameters(Twice()) == 24


def test_a_shared_parameter_counts_once():
    layer = nn.Linear(4, 4)
    assert count_parameters(nn.ModuleList([layer, layer])) == 20


def test_the_module_is_left_as_it_was():
    space = spaces.load("nb201")
    module = networks.build(space, ((3,),) * 6, "tiny")
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    count_flops(module, 16)
    after = module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(tensor.device.type == "cpu" for tensor in after.values())
    assert not any(layer._forward_hooks for layer in module.modules())
    assert module.training


def test_hooks_are_removed_when_the_pass_fails():
    module = nn.Sequential(nn.Conv2d(4, 4, 1))
    with pytest.raises(RuntimeError, match="channel"):
        count_flops(module, 8)
    assert not module[0]._forward_hooks


@pytest.mark.parametrize("name", spaces.names())
@pytest.mark.parametrize("image_size", [16, 32])
def test_half_of_what_pytorchs_counter_says(name, image_size):
    space = spaces.load(name)
    network = networks.build(space, space.sample(np.random.default_rng(5)), "tiny").eval()
    for module in (network, networks.build_supernet(space, "tiny").eval()):
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            module(torch.ones(1, 3, image_size, image_size))
        assert 2 * count_flops(module, image_size) == counter.get_total_flops()


@pytest.mark.parametrize("name", spaces.names())
@pytest.mark.parametrize(
    ("fidelity", "classes", "image_size"), [("benchmark", 10, 32), ("small", 100, 16), ("tiny", 120, 20)]
)
def test_flop_formula_equals_the_count_of_the_modules(name, fidelity, classes, image_size):
    space = spaces.load(name)
    rng = np.random.default_rng(0)
    for arch in (space.sample(rng) for _ in range(4)):
        counted = count_flops(networks.build(space, arch, fidelity, classes=classes), image_size)
        assert networks.flop_count(space, arch, fidelity, classes, image_size) == counted
