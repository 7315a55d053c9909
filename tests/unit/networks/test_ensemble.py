"""Networks that share their first layers: what is shared, what comes back to it, how wide one network is."""

from __future__ import annotations

import pytest
import torch

from harness import networks, spaces
from harness.errors import ConfigError

NB201, NBMACRO = spaces.load("nb201"), spaces.load("nbmacro")
CONVS, MIXED = ((3,),) * 6, ((2,), (1,), (3,), (2,), (1,), (3,))
IMAGES = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def tiny(space=NB201, members=(CONVS, MIXED), split=2):
    size, _ = networks.size_of(space, "tiny")
    return networks.build_ensemble(space, members, split, size, 0, 10)


@pytest.mark.parametrize("split", [0, 2, 5])
def test_members_are_networks_that_share_what_stands_before_the_split(split):
    ensemble = tiny(split=split).eval()
    logits = ensemble(IMAGES)
    assert logits.shape == (4, 10, 2)
    owners = [set(map(id, ensemble.member(number).parameters())) for number in (0, 1)]
    assert owners[0] & owners[1] == set(map(id, ensemble.shared.parameters()))
    assert owners[0] - owners[1]
    for number in (0, 1):
        torch.testing.assert_close(ensemble.member(number)(IMAGES), logits[:, :, number])
    whole = [networks.count_flops(ensemble.member(number), 16) for number in (0, 1)]
    shared = networks.count_flops(ensemble.shared, 16)
    assert networks.count_flops(ensemble, 16) == sum(whole) - shared


def test_members_of_one_architecture_have_weights_of_their_own():
    ensemble = tiny(members=(CONVS, CONVS))
    one, other = (list(rest.parameters()) for rest in ensemble.rests)
    assert not torch.equal(one[0], other[0])


def test_the_gradient_at_the_split_is_divided_by_the_members():
    """That of the summed losses, as two plain passes make it, is halved in front of the split alone."""
    ensemble = tiny().double()
    images = IMAGES.double()
    ensemble(images).pow(2).sum().backward()
    found = [parameter.grad.clone() for parameter in ensemble.parameters()]
    ensemble.zero_grad()
    features = ensemble.shared(images)
    sum(rest(features).pow(2).sum() for rest in ensemble.rests).backward()
    shared = len(list(ensemble.shared.parameters()))
    for place, (parameter, halved) in enumerate(zip(ensemble.parameters(), found, strict=True)):
        torch.testing.assert_close(parameter.grad / 2 if place < shared else parameter.grad, halved)


def test_which_decisions_members_have_in_common():
    shared = {
        space.name: networks.shared_decisions(networks.build_supernet(space, "tiny"), 3)
        for space in (NB201, NBMACRO)
    }
    assert shared == {"nb201": frozenset(), "nbmacro": frozenset({0, 1, 2})}


@pytest.mark.parametrize("space", [NB201, NBMACRO, spaces.load("nb1shot1_1"), spaces.load("transnas_micro")])
def test_the_one_network_is_the_nearest_of_all_widths(space):
    size, numbers = networks.size_of(space, "tiny")
    assert networks.require_ensembles(space, size) >= 3
    arch = space.normalise(tuple(decision.options[-1] for decision in space.decisions))

    def flops(channels):
        wide, _ = networks.size_of(space, size, channels)
        return networks.count_flops(networks.build(space, arch, wide), 16)

    target = int(1.7 * flops(numbers["channels"]))
    found = networks.channels_of_flops(space, arch, size, target, 10, 16)
    widths = range(numbers["channels"], 3 * numbers["channels"])
    assert found == min(widths, key=lambda channels: abs(flops(channels) - target))
    assert networks.channels_of_flops(space, arch, size, 1, 10, 16) == numbers["channels"]


@pytest.mark.parametrize("name", ["darts", "mobilenet", "nats_sss"])
def test_where_nothing_can_be_shared_or_widened_it_is_refused(name):
    space = spaces.load(name)
    size, _ = networks.size_of(space, "tiny")
    with pytest.raises(ConfigError, match="share their first layers|have no supernet"):
        networks.require_ensembles(space, size)
