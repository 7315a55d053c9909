"""NAS-DIP's networks and the classical deep image prior's, against hand counts and PyTorch's own layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness import networks, spaces
from harness.errors import ConfigError
from harness.families.nas_dip import FIDELITIES
from harness.networks._skip_network import Reflected
from harness.networks.nas_dip import layers

SPACE = spaces.load("nas_dip_2")
# E1 3x3, 12 channels, residual; D1 7x7, 4; E2 1x1, 32; D2 5x5, 24, residual; E1 to D1 of 8, E2 to D2 of 32
ARCH = SPACE.parse("1010010|0111000|10010000|0000111|1100101|00001111")
SMALL = FIDELITIES["small"]


def test_sizes_are_the_genomes_own_or_shares_of_their_largest():
    assert FIDELITIES["benchmark"].sides == (1, 3, 5, 7, 9, 11, 13, 15)
    assert FIDELITIES["benchmark"].widths == (4, 8, 16, 32, 64, 128, 256, 512)
    assert SMALL.sides == (1, 1, 3, 3, 5, 5, 7, 7)
    assert SMALL.widths == (4, 8, 12, 16, 20, 24, 28, 32)
    assert FIDELITIES["tiny"].sides == (1, 1, 1, 1, 3, 3, 3, 3)


def test_layers_have_the_sizes_that_the_bits_say():
    encoders, decoders, skips = layers(SPACE, ARCH, SMALL, 32)
    assert [(e.inputs, e.outputs, e.kernel, e.residual) for e in encoders] == [
        (32, 12, 3, True),
        (12, 32, 1, False),
    ]
    assert [(d.inputs, d.outputs, d.kernel, d.residual) for d in decoders] == [
        (24 + 8, 4, 7, False),
        (32 + 32, 24, 5, True),
    ]
    assert [(s.source, s.target, s.inputs, s.outputs) for s in skips] == [(0, 0, 12, 8), (1, 1, 32, 32)]
    largest = SPACE.parse("1" * 44)
    assert layers(SPACE, largest, FIDELITIES["benchmark"], 32)[0][0].kernel == 15
    assert layers(SPACE, largest, FIDELITIES["benchmark"], 32)[0][0].outputs == 512


def test_parameters_are_those_counted_by_hand():
    def stage(inputs, outputs, side, widens):
        convolutions = side**2 * inputs * outputs + side**2 * outputs**2 + 2 * outputs
        return convolutions + 2 * 2 * outputs + (inputs * outputs + outputs if widens else 0)

    stages = (
        stage(32, 12, 3, True) + stage(12, 32, 1, False) + stage(32, 4, 7, False) + stage(64, 24, 5, True)
    )
    skips = (12 * 8 + 3 * 8) + (32 * 32 + 3 * 32)
    network = networks.build_restorer(SPACE, ARCH, "small", 0, 32)
    assert networks.count_parameters(network) == stages + skips + 3 * 4 + 3


@pytest.mark.parametrize("name", ["nas_dip_2", "nas_dip_3", "nas_dip_5", "nas_dip_3_t"])
@pytest.mark.parametrize("sides", [(32, 32), (36, 52)])
def test_a_restorer_makes_an_image_of_noise(name, sides):
    space = spaces.load(name)
    for seed in range(3):
        network = networks.build_restorer(space, space.sample(np.random.default_rng(seed)), "tiny", 0, 5)
        image = network(torch.rand(1, 5, *sides, generator=torch.Generator().manual_seed(0)))
        assert image.shape == (1, 3, *sides)
        assert 0 <= image.min() < image.max() <= 1
        image.sum().backward()
        assert all(parameter.grad is not None for parameter in network.parameters())


def test_every_open_skip_reaches_its_decoder():
    space = spaces.load("nas_dip_3")
    noise = torch.rand(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    for source in range(3):
        for target in range(3):
            bits = ["0"] * 78
            bits[26 * source + 14 + 4 * target] = "1"
            network = networks.build_restorer(space, space.parse("".join(bits)), "tiny", 0, 4)
            (skip,) = network[0].skips.values()
            seen = []
            skip.register_forward_hook(lambda module, asked, found, seen=seen: seen.append(found))
            network(noise)
            assert seen[0].shape == (1, 2, 16 // 2**target, 16 // 2**target)


def test_weights_follow_seed_and_genome():
    def first(arch, seed):
        return next(networks.build_restorer(SPACE, arch, "tiny", seed, 4).parameters())

    other = SPACE.parse("1010011|0111000|10010000|0000111|1100101|00001110")
    assert torch.equal(first(ARCH, 0), first(ARCH, 0))
    assert not torch.equal(first(ARCH, 0), first(ARCH, 1))
    assert first(ARCH, 0).shape != first(other, 0).shape or not torch.equal(first(ARCH, 0), first(other, 0))
    assert not torch.equal(first(None, 0), first(None, 1))


@pytest.mark.parametrize("stride", [1, 2])
def test_reflection_is_pytorchs(stride):
    generator = torch.Generator().manual_seed(0)
    layer = Reflected(2, 3, stride)
    nn.init.normal_(layer.weight, generator=generator)
    nn.init.normal_(layer.bias, generator=generator)
    images = torch.rand(1, 2, 6, 8, generator=generator)
    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    torch.testing.assert_close(layer(images), F.conv2d(padded, layer.weight, layer.bias, stride))


def test_the_classical_network_is_an_hourglass_of_its_scales():
    network = networks.build_restorer(SPACE, None, "small", 0, 32)

    def normalised(inputs, outputs, side):
        return side**2 * inputs * outputs + 3 * outputs

    first = normalised(32, 32, 3) + normalised(32, 32, 3) + normalised(32, 4, 1)
    up = 2 * 36 + normalised(36, 32, 3) + normalised(32, 32, 1)
    assert networks.count_parameters(network) == 4 * (first + up) + 3 * 32 + 3
    assert network(torch.rand(1, 32, 64, 64)).shape == (1, 3, 64, 64)


def test_networks_that_classify_restore_nothing():
    with pytest.raises(ConfigError, match="those of nb201 classify images; take a space of such networks"):
        networks.build_restorer(spaces.load("nb201"), None, "tiny", 0, 4)
    with pytest.raises(ConfigError, match="it needs 32 pixels a side; received truth.image_size=28"):
        networks.require_restorer(SPACE, "small", 28)
    networks.require_restorer(SPACE, "tiny", 8)
    with pytest.raises(ConfigError, match="makes 44 decisions; received 1"):
        networks.build_restorer(SPACE, ((0,),), "tiny", 0, 4)
