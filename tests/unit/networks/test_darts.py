"""DARTS's networks: published counts of parameters and multiply-adds, heads, noise, drop path, supernets."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from torch import nn

from harness import folders, networks, proxies, spaces
from harness.errors import ConfigError, HarnessError
from harness.networks import count_flops, count_parameters, darts
from harness.networks._darts import Cell, DropPath, FactorizedReduce, Noise
from harness.networks.darts import Size, evaluation_network
from harness.proxies import measure

DARTS = spaces.load("darts")
DATA = folders.ROOT.parent / "shared" / "data" / "darts"
CIFAR, IMAGENET, SMALL = Size(36, 20), Size(48, 14, imagenet=True), Size(16, 8)
REST = "|{0}~0|{0}~1|+|{0}~0|{0}~1|+|{0}~0|{0}~1|+|{0}~0|{0}~1|"
GENOTYPES = {
    "DARTS_V1": "|sep_conv_3x3~0|sep_conv_3x3~1|+|skip_connect~0|sep_conv_3x3~1|+|skip_connect~0|"
    "sep_conv_3x3~1|+|sep_conv_3x3~0|skip_connect~2|/|max_pool_3x3~0|max_pool_3x3~1|+|max_pool_3x3~0|"
    "skip_connect~2|+|max_pool_3x3~0|skip_connect~2|+|avg_pool_3x3~0|skip_connect~2|",
    "DARTS_V2": "|sep_conv_3x3~0|sep_conv_3x3~1|+|sep_conv_3x3~0|sep_conv_3x3~1|+|skip_connect~0|"
    "sep_conv_3x3~1|+|skip_connect~0|dil_conv_3x3~2|/|max_pool_3x3~0|max_pool_3x3~1|+|max_pool_3x3~1|"
    "skip_connect~2|+|max_pool_3x3~0|skip_connect~2|+|max_pool_3x3~1|skip_connect~2|",
    **{name: f"{REST}/{REST}".format(name) for name in DARTS.edges[0][1:]},
}
COUNTS = [
    ("DARTS_V1", CIFAR, 10, 3_169_414, 3_645_840, 500_987_520),
    ("DARTS_V2", CIFAR, 10, 3_349_342, 3_825_768, 528_359_040),
    ("DARTS_V1", SMALL, 10, 232_890, None, 41_355_776),
    ("DARTS_V2", SMALL, 10, 246_106, None, 43_444_736),
    ("DARTS_V1", SMALL, 100, 256_020, None, 41_378_816),
    ("DARTS_V2", SMALL, 100, 269_236, None, 43_467_776),
    ("DARTS_V1", IMAGENET, 1000, 4_510_432, 5_771_208, 505_864_704),
    ("DARTS_V2", IMAGENET, 1000, 4_718_752, 5_979_528, 529_911_552),
    ("sep_conv_5x5", CIFAR, 10, 5_144_086, 5_620_512, 817_833_600),
    ("sep_conv_3x3", CIFAR, 10, 4_701_718, None, 711_665_280),
    ("dil_conv_5x5", CIFAR, 10, 3_257_110, None, 522_552_960),
    ("dil_conv_3x3", CIFAR, 10, 3_035_926, None, 469_468_800),
    ("skip_connect", CIFAR, 10, 1_580_950, None, 248_505_984),
    ("max_pool_3x3", CIFAR, 10, 1_370_134, None, 227_272_320),
]


def pixels(size: Size) -> int:
    return 224 if size.imagenet else 32


@pytest.mark.parametrize(("name", "size", "classes", "parameters", "with_auxiliary", "flops"), COUNTS)
def test_published_counts(name, size, classes, parameters, with_auxiliary, flops):
    arch = DARTS.parse(GENOTYPES[name])
    assert darts.parameter_count(DARTS, arch, size, classes) == parameters
    assert darts.flop_count(DARTS, arch, size, classes, pixels(size)) == flops
    assert count_parameters(darts.network(DARTS, arch, size, classes)) == parameters
    if with_auxiliary:
        both = evaluation_network(DARTS, arch, size, classes, auxiliary=True)
        assert count_parameters(both) == with_auxiliary


@pytest.mark.parametrize("size", [Size(36, 20), Size(16, 8, imagenet=True)])
def test_the_formula_counts_what_runs(size):
    arch = DARTS.parse(GENOTYPES["DARTS_V2"])
    module = darts.network(DARTS, arch, size, 10)
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    for image_size in (pixels(size), 64):
        counted = darts.flop_count(DARTS, arch, size, 10, image_size)
        assert count_flops(module, image_size) == counted


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("darts", 10, 1_930_618), ("darts", 100, 1_953_748), ("darts_s5", 10, 1_930_618),
        ("darts_s1", 10, 405_146), ("darts_s1", 100, 428_276), ("darts_s2", 10, 665_466),
        ("darts_s2", 100, 688_596), ("darts_s3", 10, 665_466), ("darts_s3", 100, 688_596),
        ("darts_s4", 10, 624_506), ("darts_s4", 100, 647_636),
    ],
)  # fmt: skip
def test_supernets_have_the_parameters_that_the_authors_logs_print(name, classes, parameters):
    assert count_parameters(networks.build_supernet(spaces.load(name), classes=classes)) == parameters


def test_the_supernet_for_imagenet_has_three_times_the_stem():
    supernet = darts.supernet(DARTS, Size(16, 8, imagenet=True), 1000)
    assert count_parameters(supernet) == 2_215_648


@pytest.mark.skipif(not DATA.is_dir(), reason="the published genotypes are not beside the repository")
def test_counts_of_all_published_genotypes():
    counted = {}
    with (DATA / "darts_published_genotypes.csv").open() as file:
        for row in csv.DictReader(file):
            space = spaces.load("darts_s4") if "noise" in row["genotype"] else DARTS
            try:
                arch = space.parse(row["genotype"])
            except HarnessError:
                continue
            counted[row["genotype"]] = [
                darts.parameter_count(space, arch, CIFAR, 10) == int(row["params_c36_l20"]),
                darts.flop_count(space, arch, CIFAR, 10, 32) == int(row["madds_c36_l20"]),
                darts.parameter_count(space, arch, IMAGENET, 1000) == int(row["params_imagenet_c48_l14"]),
                darts.flop_count(space, arch, IMAGENET, 1000, 224) == int(row["madds_imagenet_c48_l14"]),
            ]
    assert len(counted) == 242
    assert all(map(all, counted.values()))


def test_what_is_built_at_fidelity_benchmark_is_what_zero_cost_pt_validates_on():
    arch = DARTS.parse(GENOTYPES["DARTS_V2"])
    module = networks.build(DARTS, arch)
    assert (len(module.body), count_parameters(module)) == (8, 246_106)
    assert module.auxiliary is None
    assert module(torch.ones(2, 3, 32, 32)).shape == (2, 10)
    with pytest.raises(ConfigError, match="No benchmark of darts lists FLOPs"):
        networks.table_flops(DARTS, arch)


@pytest.mark.parametrize("layers", [8, 14, 20])
def test_reduction_cells_stand_at_a_third_and_at_two_thirds(layers):
    found = darts.layout(Size(4, layers), 3)
    assert [place for place, layer in enumerate(found) if layer.reduction] == [layers // 3, 2 * layers // 3]
    assert [layer.channels for layer in found] == [
        4 * 2 ** ((place >= layers // 3) + (place >= 2 * layers // 3)) for place in range(layers)
    ]


@pytest.mark.parametrize("imagenet", [False, True])
def test_the_auxiliary_head_speaks_in_training_mode_alone(imagenet):
    arch = DARTS.parse(GENOTYPES["DARTS_V1"])
    size = Size(4, 3, imagenet)
    module = evaluation_network(DARTS, arch, size, 7, auxiliary=True)
    images = torch.ones(2, 3, pixels(size), pixels(size))
    for parameter in module.parameters():
        nn.init.constant_(parameter, 0.01)
    assert [logits.shape for logits in module(images)] == [(2, 7), (2, 7)]
    assert module.eval()(images).shape == (2, 7)


def test_maps_are_reduced_on_both_of_their_grids():
    reduce = FactorizedReduce(1, 2).eval()
    for convolution in (reduce.first, reduce.second):
        nn.init.ones_(convolution.weight)
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    with torch.no_grad():
        expected = torch.cat([images[:, :, ::2, ::2], images[:, :, 1::2, 1::2]], 1)
        torch.testing.assert_close(reduce(images), expected, rtol=1e-4, atol=0)
        assert reduce(images[:, :, :3, :3]).shape == (1, 2, 2, 2)


def test_poolings_are_normalised_in_supernets_alone():
    arch = DARTS.parse(GENOTYPES["max_pool_3x3"])
    alone = networks.build(DARTS, arch, "tiny").body[0].edges["2<-0"]
    view = networks.build_supernet(DARTS, "tiny").masked(DARTS.mask_of(arch))
    assert isinstance(alone, nn.MaxPool2d)
    pooling, normalisation = view.body[0].edges["2<-0"]
    assert isinstance(pooling, nn.MaxPool2d)
    assert not normalisation.affine


def test_drop_path_loses_whole_samples_of_all_but_identities():
    arch = DARTS.parse(GENOTYPES["DARTS_V1"])
    module = evaluation_network(DARTS, arch, Size(4, 3), 10, drop_path=0.5)
    cells = [part for part in module.body if isinstance(part, Cell)]
    for cell in cells:
        for edge in cell.edges.values():
            assert isinstance(edge, nn.Identity) or isinstance(edge[-1], DropPath)
    path = DropPath(0.25)
    ones = torch.ones(4000, 2, 1, 1)
    before = torch.get_rng_state()
    dropped = path(ones)
    assert torch.equal(before, torch.get_rng_state())
    assert set(dropped.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.75))}
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert dropped.mean() == pytest.approx(1, abs=0.05)
    assert not torch.equal(path(ones), dropped)
    assert path.eval()(ones) is ones


def test_noise_is_new_in_training_and_the_same_in_evaluation():
    noise = Noise(2)
    images = torch.ones(64, 3, 8, 8)
    drawn = noise(images)
    assert drawn.shape == (64, 3, 4, 4)
    assert drawn.mean() == pytest.approx(0, abs=0.1)
    assert drawn.std() == pytest.approx(1, abs=0.1)
    assert not torch.equal(noise(images), drawn)
    assert torch.equal(noise.eval()(images), noise(images))
    assert not list(noise.parameters())


def test_two_noises_of_a_network_are_others():
    space = spaces.load("darts_s4")
    arch = space.normalise(((0,),) * 28 + space.sample(np.random.default_rng(0))[28:])
    seeds = [
        int(part.seed) for part in networks.build(space, arch, "tiny").modules() if isinstance(part, Noise)
    ]
    assert len(seeds) == len(set(seeds)) == 8 * 3


@pytest.mark.parametrize("name", ["darts", "darts_s1", "darts_s4"])
def test_proxies_measure_networks_and_supernets(name):
    from harness.inputs import Batch

    space = spaces.load(name)
    draw = torch.Generator().manual_seed(0)
    batch = Batch(torch.randn(6, 3, 16, 16, generator=draw), torch.arange(6))
    wanted = ["params", "flops", "nwot", "synflow", "snip", "grad_norm", "zen", "az_expressivity", "grasp"]
    arch = next(
        arch for arch in map(space.sample, map(np.random.default_rng, range(9))) if space.connected(arch)
    )
    for module in (
        networks.build(space, arch, "tiny"),
        networks.build_supernet(space, "tiny").masked(space.full_mask),
    ):
        found = measure(module, batch, wanted, 0)
        assert {proxy: each.status for proxy, each in found.items()} == dict.fromkeys(wanted, "ok"), found


def test_te_nas_kernel_is_regular():
    """Its supernet ends in a normalisation and a ReLU: else a batch's logits had the same sum for ever."""
    space = spaces.load("darts_s2")
    supernet = networks.build_te_nas_supernet(space, "ntk")
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = proxies.measure(supernet.masked(space.full_mask), (images, torch.arange(4)), ["ntk"], 0)["ntk"]
    assert found.status == "ok"
    assert -1e4 < found.value < -1
