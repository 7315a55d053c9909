"""Building networks and supernets of every space: shapes, weights, sameness, bad input."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from harness import families, folders, networks, spaces
from harness.errors import ConfigError, UnknownNameError

SPACES = spaces.names()


def architecture(space: spaces.Space, seed: int = 0) -> spaces.Architecture:
    return space.sample(np.random.default_rng(seed))


def modules(space: spaces.Space, *told: object, **told_too: object) -> list[nn.Module]:
    """A network, and the supernet of a space that has one."""
    made = [networks.build(space, architecture(space), *told, **told_too)]
    return (
        [*made, networks.build_supernet(space, *told, **told_too)] if networks.has_supernet(space) else made
    )


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("name", SPACES)
def test_every_space_comes_in_the_configured_fidelities(name):
    configured = {path.stem for path in (folders.CONF / "fidelity").glob("*.yaml")}
    offered = families.fidelities(spaces.load(name))
    assert {"benchmark", "small", "tiny"} <= set(offered) <= configured
    assert (offered[0], offered[-1]) == ("benchmark", "tiny")


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize(("classes", "image_size"), [(10, 32), (100, 32), (120, 16)])
@pytest.mark.parametrize("fidelity", ["small", "tiny"])
def test_logits_have_one_column_per_class(name, classes, image_size, fidelity):
    space = spaces.load(name)
    images = torch.ones(2, 3, image_size, image_size)
    for module in modules(space, fidelity, classes=classes):
        assert module(images).shape == (2, classes)


@pytest.mark.parametrize("name", SPACES)
def test_benchmark_networks_and_supernets_run(name):
    space = spaces.load(name)
    images = torch.ones(1, 3, 16, 16)
    with torch.no_grad():
        for module in modules(space):
            assert torch.isfinite(module.eval()(images)).all()


@pytest.mark.parametrize("name", SPACES)
def test_weights_depend_on_the_seed_and_on_nothing_that_ran_before(name):
    space = spaces.load(name)
    first, other = architecture(space, 0), architecture(space, 1)
    assert space.canonical(first) != space.canonical(other)
    alone = networks.build(space, first, "tiny", seed=3)
    networks.build(space, other, "tiny", seed=3)
    torch.rand(1)
    assert same_weights(alone, networks.build(space, first, "tiny", seed=3))
    assert not same_weights(alone, networks.build(space, first, "tiny", seed=4))
    if not networks.has_supernet(space):
        return
    supernet = networks.build_supernet(space, "tiny", seed=3)
    assert same_weights(supernet, networks.build_supernet(space, "tiny", seed=3))
    assert not same_weights(supernet, networks.build_supernet(space, "tiny", seed=4))


def test_two_architectures_draw_different_weights():
    space = spaces.load("nb201")
    one = networks.build(space, ((3,),) * 6, "tiny")
    other = networks.build(space, ((3,),) * 5 + ((2,),), "tiny")
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)


@pytest.mark.parametrize("name", SPACES)
def test_global_generators_stay_untouched(name):
    space = spaces.load(name)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    made = modules(space, "tiny")
    for supernet in made[1:]:
        supernet(torch.ones(2, 3, 16, 16), space.mask_of(architecture(space)))
    networks.count_flops(made[0], 16)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()
    assert before[2] == random.getstate()


@pytest.mark.parametrize("name", SPACES)
def test_every_layer_is_drawn_and_every_normalisation_starts_as_identity(name):
    space = spaces.load(name)
    for module in modules(space, "tiny"):
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                assert 0 < layer.weight.std() < 2
            if isinstance(layer, nn.BatchNorm2d):
                assert not layer.running_mean.any()
                assert (layer.running_var == 1).all()
                assert layer.weight is None or ((layer.weight == 1).all() and not layer.bias.any())


@pytest.mark.parametrize("name", SPACES)
def test_every_parameter_of_a_connected_network_gets_a_gradient(name):
    space = spaces.load(name)
    arch = next(
        arch
        for arch in map(lambda seed: architecture(space, seed), range(50))
        if networks_are_whole(space, arch)
    )
    module = networks.build(space, arch, "tiny")
    module(torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


def networks_are_whole(space: spaces.Space, arch: spaces.Architecture) -> bool:
    """Whether no operation of ``arch`` is a dead end: only cells of six edges keep those."""
    return space.family not in ("nb201", "transnas_micro") or all(picks != (0,) for picks in arch)


@pytest.mark.parametrize("init", sorted(networks.INITS))
def test_the_initialisation_can_be_named(init):
    space = spaces.load("nb201")
    arch = architecture(space)
    named = networks.build(space, arch, "tiny", init=init)
    assert same_weights(named, networks.build(space, arch, "tiny")) == (init == "pytorch")
    named = networks.build_supernet(space, "tiny", init=init)
    assert same_weights(named, networks.build_supernet(space, "tiny")) == (init == "pytorch")


@pytest.mark.parametrize("name", SPACES)
def test_an_unknown_fidelity_is_answered_with_the_known_ones(name):
    space = spaces.load(name)
    message = f"Unknown fidelity of {space.family} 'smal'. Did you mean 'small'\\? Allowed: benchmark"
    with pytest.raises(UnknownNameError, match=message):
        networks.build(space, architecture(space), "smal")
    with pytest.raises(UnknownNameError, match=message):
        networks.build_supernet(space, "smal")
    with pytest.raises(UnknownNameError, match=message):
        networks.parameter_count(space, architecture(space), "smal")


def test_bad_input_is_answered_in_a_sentence():
    space = spaces.load("nb201")
    with pytest.raises(ConfigError, match="at least 1 class; received 0"):
        networks.build(space, architecture(space), "tiny", classes=0)
    with pytest.raises(ConfigError, match="at least 1 class; received -1"):
        networks.build_supernet(space, "tiny", classes=-1)
    with pytest.raises(ConfigError, match="makes 6 decisions; received 1"):
        networks.build(space, ((0,),), "tiny")
    with pytest.raises(UnknownNameError, match="Unknown weight initialisation 'torch'.*Allowed"):
        networks.build(space, architecture(space), "tiny", init="torch")
