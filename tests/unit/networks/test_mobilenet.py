"""The MobileNet-like networks: sizes against known ones, a supernet that sums, and ReLU6 codes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from harness import families, networks, spaces
from harness.errors import ConfigError
from harness.families.mobilenet import FIDELITIES
from harness.networks import mobilenet
from harness.proxies._kernel import PATHS, Kernels

SPACE = spaces.load("mobilenet")
FIRST = (0, 4, 8, 12, 16, 20)
SMALLEST = " ".join("0" if layer in FIRST else "-1" for layer in range(21))
PROXYLESS_GPU = "2 -1 -1 -1 4 0 -1 -1 5 2 -1 -1 3 0 2 -1 5 5 5 3 5"

# Parameters, and thousands of multiply-adds at 224 x 224; published of ProxylessNAS-GPU: 7.1 M, 465 M.
COSTS = {
    PROXYLESS_GPU: (7_119_848, 465_260),
    " ".join("0" * 21): (5_151_552, 460_909),
    " ".join("1" * 21): (7_816_008, 853_406),
    " ".join("5" * 21): (8_382_408, 1_036_674),
    SMALLEST: (3_304_488, 182_479),
}


@pytest.mark.parametrize("genotype", COSTS)
def test_known_networks_have_their_parameters_and_multiply_adds(genotype):
    params, flops = networks.trained_cost(SPACE, SPACE.parse(genotype), 1000, 224)
    assert (params, round(flops / 1000)) == COSTS[genotype]


def test_drawn_networks_cost_what_the_space_costs():
    """Of 20,000: 6.26 +- 0.61 million parameters, 654 +- 65 million multiply-adds, a fifth of at most 600."""
    rng = np.random.default_rng(0)
    costs = [networks.trained_cost(SPACE, SPACE.sample(rng), 1000, 224) for _ in range(2000)]
    means, deviations = np.mean(costs, 0) / 1e6, np.std(costs, 0) / 1e6
    assert means == pytest.approx([6.26, 654], rel=0.02)
    assert deviations == pytest.approx([0.61, 65.3], rel=0.1)
    assert np.mean(np.array(costs)[:, 1] <= 600e6) == pytest.approx(0.206, abs=0.05)


def test_the_supernet_has_the_released_codes_parameters_multiply_adds_and_relu_units():
    supernet = networks.build_supernet(SPACE, classes=1000)
    view, units = supernet.masked(SPACE.full_mask), []
    assert networks.count_parameters(supernet) == networks.count_parameters(view) == 27_684_320
    relus = [module for module in view.modules() if "ReLU" in str(type(module))]
    assert {type(module) for module in relus} == {nn.ReLU6}
    for relu in relus:
        relu.register_forward_hook(lambda module, inputs, output: units.append(inputs[0][0].numel()))
    assert round(networks.count_flops(view, 224) / 1e6) == 3986
    assert sum(units) == 51_849_056


@pytest.mark.parametrize(("fidelity", "pixels"), [("tiny", 32), ("tiny", 33), ("small", 64)])
def test_formulas_are_those_of_the_modules(fidelity, pixels):
    for seed in range(2):
        arch = SPACE.sample(np.random.default_rng(seed))
        module = networks.build(SPACE, arch, fidelity, classes=7)
        assert networks.count_parameters(module) == networks.parameter_count(SPACE, arch, fidelity, 7)
        assert networks.count_flops(module, pixels) == networks.flop_count(SPACE, arch, fidelity, 7, pixels)


def test_images_are_those_of_the_fidelity():
    natural = SPACE.made_for.pixels
    found = {name: families.image_size(SPACE, name, natural) for name in families.fidelities(SPACE)}
    assert found == {"benchmark": 224, "imagenet_64": 64, "small": 64, "tiny": 32}
    with pytest.raises(ConfigError, match="No benchmark of mobilenet lists FLOPs"):
        networks.table_flops(SPACE, SPACE.parse(SMALLEST))


def test_widths_and_strides_are_the_published():
    layers = mobilenet.layers(FIDELITIES["benchmark"])
    widths = [24, *[32] * 4, *[56] * 4, *[112] * 4, *[128] * 4, *[256] * 4, 432]
    assert [(layer.inputs, layer.outputs) for layer in layers] == list(pairwise(widths))
    assert [number for number, layer in enumerate(layers) if layer.stride == 2] == [0, 4, 8, 16]


@pytest.fixture(scope="module")
def supernet():
    return networks.build_supernet(SPACE, "tiny", seed=2).double().eval()


def test_what_is_left_of_a_layer_is_summed(supernet):
    mask = SPACE.full_mask
    for removed in (0, 6):
        mask = spaces.without(mask, 1, removed)
    mask = spaces.only(mask, 2, (3,))
    view, inputs = supernet.masked(mask), torch.randn(2, 4, 8, 8, dtype=torch.float64)
    first, second, third = (supernet.body[place].candidates for place in (1, 2, 3))
    expected = sum(candidate(inputs) for candidate in first[1:6])
    torch.testing.assert_close(view.body[1](inputs), expected)
    assert view.body[2] is second[3]
    torch.testing.assert_close(view.body[3](inputs), sum(candidate(inputs) for candidate in third))
    assert isinstance(third[6], nn.Identity)


def test_trained_weights_take_the_place_of_the_sum(supernet):
    rows = [[1 / len(decision.candidates)] * len(decision.candidates) for decision in SPACE.decisions]
    view, inputs = supernet.masked(SPACE.full_mask, weights=rows), torch.randn(2, 4, 8, 8).double()
    expected = sum(candidate(inputs) for candidate in supernet.body[1].candidates) / 7
    torch.testing.assert_close(view.body[1](inputs), expected)


def test_relu6_codes_are_the_signs_of_inputs_on_every_path(supernet):
    """As the released hooks count: a code for every input of a module whose type name holds "ReLU"."""
    images = torch.randn(5, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    decided = SPACE.mask_of(SPACE.sample(np.random.default_rng(0)))
    opened = spaces.without(spaces.only(SPACE.full_mask, 9, (2,)), 8, 4)
    views = [supernet.masked(mask) for mask in (opened, decided)]
    built = networks.build(SPACE, SPACE.parse(PROXYLESS_GPU), "tiny").double().eval()
    hooked = [_by_hooks(network, images) for network in (*views, built)]
    for path in PATHS:
        kernels = Kernels([*views, built], images, path)
        for index, expected in enumerate(hooked):
            assert np.array_equal(kernels.of(index, False).kernel.numpy(), expected)


def _by_hooks(network: nn.Module, images: torch.Tensor) -> np.ndarray:
    total = np.zeros((len(images),) * 2)

    def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        codes = (inputs[0] > 0).flatten(1).double().numpy()
        total[...] += codes @ codes.T + (1 - codes) @ (1 - codes).T

    handles = [m.register_forward_hook(hook) for m in network.modules() if "ReLU" in str(type(m))]
    with torch.no_grad():
        network(images)
    for handle in handles:
        handle.remove()
    return total


def test_the_supernet_is_drawn_as_the_released_code_draws_it():
    """Normal with variance 2 / (k^2 outputs), convolutions by channel too; normalisations 1 and 0."""
    drawn = networks.build_supernet(SPACE, "small", seed=0)
    for layer in drawn.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.numel() > 5000:
            std = (2 / (layer.out_channels * layer.kernel_size[0] ** 2)) ** 0.5
            assert layer.weight.std().item() == pytest.approx(std, rel=0.05)
            assert layer.weight.mean().item() == pytest.approx(0, abs=0.05 * std)
        if isinstance(layer, nn.BatchNorm2d):
            assert (layer.eps, bool((layer.weight == 1).all()), bool(layer.bias.any())) == (1e-5, True, False)
    assert any(layer.groups > 1 and layer.weight.numel() > 5000 for layer in _convolutions(drawn))


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def test_candidates_are_removed_and_codes_counted_as_released():
    assert networks.released_masking(SPACE) == "drop"
    assert networks.released_counting(SPACE) == "once"
