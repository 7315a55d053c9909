"""Up-sampling cells and hourglasses of Chen et al., against PyTorch's own layers and a walk by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness import networks, spaces
from harness.errors import ConfigError
from harness.networks._upsampling import Bicubic, cell_weights, upsampling
from harness.spaces.nas_dip_cells import CELLS, UpsamplingCell

SPACE = spaces.load("nas_dip_cells")
ARCH = SPACE.parse("nearest+conv_3x3+leaky_relu|10010|01000|10000|00011|10000")


def made(cell: UpsamplingCell, channels: int = 16) -> torch.nn.Module:
    module = upsampling(cell, channels)
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return module


def maps(channels: int = 16, height: int = 4, width: int = 6) -> torch.Tensor:
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(1))


def test_every_cell_doubles_the_resolution_with_the_weights_that_are_counted():
    for cell in CELLS:
        module = made(cell)
        assert module(maps()).shape == (2, 16, 8, 12), cell.name
        assert networks.count_parameters(module) == sum(cell_weights(cell, 16)), cell.name


def test_bicubic_is_pytorchs():
    expected = F.interpolate(maps(), scale_factor=2, mode="bicubic", align_corners=False)
    torch.testing.assert_close(Bicubic()(maps()), expected)


def test_cells_by_hand():
    x = maps()
    module = made(UpsamplingCell("bilinear", "split_stack_sum", 3, "leaky_relu"))
    (weight,) = module.parameters()
    larger = F.leaky_relu(F.interpolate(x, scale_factor=2, mode="bilinear"), 0.2)
    summed = larger[:, :4] + larger[:, 4:8] + larger[:, 8:12] + larger[:, 12:]
    torch.testing.assert_close(module(x), F.leaky_relu(F.conv2d(summed, weight, padding=1), 0.2))
    module = made(UpsamplingCell("pixel_shuffle", "depth_wise_conv", 5, "none"))
    (weight,) = module.parameters()
    torch.testing.assert_close(module(x), F.conv2d(F.pixel_shuffle(x, 2), weight, padding=2, groups=4))
    module = made(UpsamplingCell("conv_pixel_shuffle", "sep_conv", 3, "relu"))
    first, second = module.parameters()
    wide = F.conv2d(F.conv2d(x, first, padding=1, groups=16), second).relu()
    torch.testing.assert_close(module(x), F.pixel_shuffle(wide, 2).relu())
    module = made(UpsamplingCell("transposed_conv", "identity", 7, "none"))
    weight, bias = module.parameters()
    torch.testing.assert_close(module(x), F.conv_transpose2d(x, weight, bias, 2, 3, output_padding=1))


def test_the_hourglass_is_walked_by_hand():
    network = networks.build_restorer(SPACE, ARCH, "tiny", 0, 5)
    body, e0 = network[0], torch.rand(1, 5, 64, 96, generator=torch.Generator().manual_seed(0))
    assert (set(body.down), set(body.up), set(body.across)) == (set("0123"), set("1234"), set("013"))
    e1 = body.encoder[0](e0)
    e2 = body.encoder[1](e1)
    e3 = body.encoder[2](e2)
    e4 = body.encoder[3](e3)
    lower = body.down["1"](body.down["0"](e0))
    lowest = body.down["3"](body.down["2"](lower))
    x = body.decoder[4](body.doubling[4](body.encoder[4](e4)) + lowest)
    x = body.decoder[3](body.doubling[3](x) + body.across["3"](e3) + body.up["4"](e4))
    x = body.decoder[2](body.doubling[2](x) + lower)
    x = body.decoder[1](body.doubling[1](x) + body.across["1"](e1))
    higher = body.up["1"](body.up["2"](body.up["3"](e3)))
    x = body.decoder[0](body.doubling[0](x) + body.across["0"](e0) + higher)
    torch.testing.assert_close(network(e0), network[1](x).sigmoid())


@pytest.mark.parametrize("sides", [(64, 64), (70, 97)])
def test_a_restorer_makes_an_image_of_noise(sides):
    for seed in range(3):
        arch = SPACE.sample(np.random.default_rng(seed))
        network = networks.build_restorer(SPACE, arch, "tiny", 0, 5)
        image = network(torch.rand(1, 5, *sides, generator=torch.Generator().manual_seed(0)))
        assert image.shape == (1, 3, *sides)
        assert 0 <= image.min() < image.max() <= 1
        image.sum().backward()
        assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("cell", ["bicubic+trans_conv_3x3+relu", "transposed_conv+identity_5x5+none"])
def test_parameters_and_multiply_adds_are_counted_without_building(cell):
    arch = SPACE.parse(f"{cell}|11001|10011|01110|10101|00011")
    network = networks.build(SPACE, arch, "tiny")
    assert networks.parameter_count(SPACE, arch, "tiny") == networks.count_parameters(network)
    for side in (64, 50):
        counted = networks.count_flops(network, side)
        assert networks.flop_count(SPACE, arch, "tiny", image_size=side) == counted


def test_the_classical_network_stands_beside_it_and_small_images_are_refused():
    classical = networks.build_restorer(SPACE, None, "tiny", 0, 5)
    assert classical(torch.rand(1, 5, 64, 64)).shape == (1, 3, 64, 64)
    with pytest.raises(ConfigError, match="needs 64 pixels a side; received truth.image_size=63"):
        networks.require_restorer(SPACE, "tiny", 63)
