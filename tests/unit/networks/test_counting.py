"""Counts of parameters and multiply-accumulates, against hand counts and PyTorch's own counter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from harness import networks, spaces
from harness.networks import _counting, count_flops, count_parameters


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
    made = [networks.build_supernet(space, "tiny").eval()] if networks.has_supernet(space) else []
    for module in (network, *made):
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


class Attention(nn.Module):
    """On places, two heads, by torch's layer or by its parts."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.layer, self.how = nn.MultiheadAttention(8, 2, batch_first=True), how

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        places = images.flatten(2).transpose(1, 2)
        if self.how != "by hand":
            return self.layer(places, places, places, need_weights=self.how == "with weights")[0].mean(1)
        query, key, value = F.linear(places, self.layer.in_proj_weight).chunk(3, dim=2)
        shares = (query @ key.transpose(1, 2)).softmax(2)
        return self.layer.out_proj(shares @ value).mean(1)


@pytest.mark.parametrize("how", ["with weights", "without", "by hand"])
@pytest.mark.parametrize("training", [True, False])
def test_attention_counts_with_its_projections_whatever_kernel_runs(how: str, training: bool) -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Attention(how), nn.Linear(8, 10)).train(training)
    fast = torch.backends.mha.get_fastpath_enabled()
    assert count_flops(network, 16) == 256 * (8 * 27 + 4 * 8 * 8) + 80 == 120_912
    assert torch.backends.mha.get_fastpath_enabled() is fast


class Einsum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(5, 4, 6))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bgi,gio->bgo", images, self.weight)


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(6, 3, 3, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return F.conv2d(images, 2 * self.weight)


@pytest.mark.parametrize(
    ("module", "size", "channels", "expected"),
    [
        (nn.Sequential(nn.ConvTranspose2d(3, 8, 4, 2, 1), nn.Flatten(), nn.Linear(8192, 10)), 16, 3, 180_224),
        (nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(3072, 1)), (16, 24), 3, 86_016),
        (nn.Sequential(nn.Linear(12, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)), (), 12, 70),
        (nn.Conv1d(3, 4, 5, groups=1), (10,), 3, 4 * 6 * 15),
        (nn.Conv3d(3, 6, 2, groups=3), (3, 4, 5), 3, 2 * 3 * 4 * 6 * 8),
        (nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), 8, 3, 36 * 4 * 27),
        (Functional(), 8, 3, 36 * 6 * 27),
        (Einsum(), (4,), 5, 5 * 4 * 6),
        (nn.Identity(), 8, 3, 0),
    ],
)
def test_whatever_has_weights_counts(module, size, channels, expected) -> None:
    assert count_flops(module, size, channels) == expected
    assert count_flops(module.eval(), size, channels) == expected


def test_torchs_compiler_is_not_loaded_for_it() -> None:
    """It is on the first operation where torch wraps what the counter does, to keep it from compiling."""
    assert not hasattr(_counting._Counter.__torch_dispatch__, "__wrapped__")


def test_numbers_that_are_drawn_leave_the_generators() -> None:
    network = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(3, 3, 1))
    before = torch.get_rng_state()
    count_flops(network, 4)
    assert torch.equal(torch.get_rng_state(), before)
