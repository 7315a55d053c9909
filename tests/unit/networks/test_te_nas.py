"""The small supernets that TE-NAS measures, and supernets for images of other than three channels."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from harness import networks, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.networks import build_supernet, build_te_nas_supernet, count_parameters

CHANNELS = {"ntk": 3, "linear_regions": 1}
SPACES = tuple(name for name in spaces.names() if networks.has_supernet(spaces.load(name), te_nas=True))
PIXELS = {"ntk": 16, "linear_regions": 3}


def relu_units(module: nn.Module, images: torch.Tensor) -> int:
    units = []
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.register_forward_hook(lambda part, inputs, output: units.append(output[0].numel()))
    module(images)
    return sum(units)


@pytest.mark.parametrize("proxy", CHANNELS)
@pytest.mark.parametrize("name", SPACES)
def test_every_space_has_both(name, proxy):
    space = spaces.load(name)
    supernet = build_te_nas_supernet(space, proxy, seed=0, classes=7)
    images = torch.randn(4, CHANNELS[proxy], PIXELS[proxy], PIXELS[proxy])
    logits = supernet(images)
    assert logits.shape == (4, 7)
    assert logits.isfinite().all()
    again = build_te_nas_supernet(space, proxy, seed=0, classes=7).state_dict()
    assert all(
        torch.equal(again[key], value) for key, value in supernet.state_dict().items() if "weight" in key
    )
    other = build_te_nas_supernet(space, proxy, seed=1, classes=7).state_dict()
    changed = [key for key, value in supernet.state_dict().items() if not torch.equal(other[key], value)]
    assert all(any(key.startswith(part) for key in changed) for part in ("body", "head"))


@pytest.mark.parametrize("proxy", CHANNELS)
@pytest.mark.parametrize("name", SPACES)
@torch.no_grad()
def test_every_candidate_takes_part(name, proxy):
    """Without a candidate the logits are others: all decisions are in the small supernets too."""
    space = spaces.load(name)
    supernet = build_te_nas_supernet(space, proxy)
    images = torch.randn(8, CHANNELS[proxy], PIXELS[proxy], PIXELS[proxy])
    whole = supernet(images)
    for index, decision in enumerate(space.decisions):
        for candidate, named in enumerate(decision.candidates):
            changed = supernet(images, spaces.without(space.full_mask, index, candidate))
            assert torch.equal(changed, whole) == (named == "none" and len(decision.candidates) > 2)


def test_nb201s_sizes_are_the_authors():
    space = spaces.load("nb201")
    ntk = build_te_nas_supernet(space, "ntk", classes=10)
    # Stem; per stage of c channels 6 edges of 1x1 and 3x3, normalised with weights; reductions; head.
    cells = sum(6 * (10 * c * c + 4 * c) for c in (3, 6, 12))
    reductions = sum(56 * c * c + 8 * c for c in (3, 6))
    assert count_parameters(ntk) == 27 * 3 + 2 * 3 + cells + reductions + 2 * 12 + 13 * 10
    regions = build_te_nas_supernet(space, "linear_regions", classes=10)
    # One cell of one channel: 12 convolutions behind a ReLU each on 9 pixels, and the last ReLU.
    assert relu_units(regions.masked(space.full_mask), torch.randn(2, 1, 3, 3)) == 12 * 9 + 9
    assert count_parameters(regions) == 6 * 10 + 2 + 2 * 10


def test_nb1shot1_measures_the_tangent_kernel_without_a_last_normalisation():
    space = spaces.load("nb1shot1_1")
    images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    sums = {}
    for kind, make in (("te_nas", build_te_nas_supernet), ("run", build_supernet)):
        made = [make(space, "ntk" if kind == "te_nas" else "tiny", seed) for seed in (0, 1)]
        for supernet in made:
            supernet.head[-1].weight.data.fill_(0.1)
            supernet.head[-1].bias.data.zero_()
        sums[kind] = [supernet(images).sum().item() for supernet in made]
    assert sums["run"] == pytest.approx([0, 0], abs=1e-3)
    assert sums["te_nas"][0] != pytest.approx(sums["te_nas"][1], abs=1e-2)


@pytest.mark.parametrize("name", ["nb201", "nb1shot1_2", "nbmacro"])
def test_a_supernet_for_grey_images(name):
    space = spaces.load(name)
    supernet = build_supernet(space, "tiny", classes=5, image_channels=1)
    assert supernet(torch.randn(4, 1, 3, 3)).shape == (4, 5)
    three = count_parameters(build_supernet(space, "tiny", classes=5))
    width = supernet.stem[0].out_channels
    assert three - count_parameters(supernet) == 2 * 9 * width


def test_another_proxy_and_a_family_without_them_are_told(monkeypatch):
    with pytest.raises(
        UnknownNameError, match="Unknown proxy of TE-NAS 'nwot'. Allowed: linear_regions, ntk"
    ):
        build_te_nas_supernet(spaces.load("nb201"), "nwot")
    family = SimpleNamespace(supernet=None)
    monkeypatch.setattr(networks._build, "_family", lambda space: family)
    with pytest.raises(ConfigError, match="the family nb201 has no regions_supernet; add it"):
        build_te_nas_supernet(spaces.load("nb201"), "linear_regions")
