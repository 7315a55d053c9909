"""Every space: sizes, strings, codes, classes, neighbours, masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import spaces
from harness.errors import ConfigError, UnknownNameError

SIZES = {
    # listed, distinct networks, encodings: Dong and Yang 2020, Su et al. 2021, Zela et al. 2020
    "nb201": (15_625, 6_466, 15_625),
    "nbmacro": (6_561, 3_969, 6_561),
    "nb1shot1_1": (2_487, 2_127, 14_580),
    "nb1shot1_2": (3_609, 3_258, 29_160),
    "nb1shot1_3": (24_066, 17_940, 1_312_200),
    # Dong et al. 2021
    "nats_sss": (32_768, 32_768, 32_768),
    # listed: Duan et al. 2021; distinct by our rule
    "transnas_micro": (4_096, 1_519, 4_096),
    "transnas_macro": (3_256, 3_256, 6_400),
}


def test_every_listed_space_has_a_size_here():
    assert {name for name in spaces.names() if spaces.load(name).listing() is not None} == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_size_classes_and_encodings(name):
    space = spaces.load(name)
    listed, distinct, encodings = SIZES[name]
    assert len(space.listing()) == listed == len(set(space.listing()))
    assert space.size == encodings == sum(1 for _ in space.encodings())
    if name != "nb1shot1_3":
        assert len({space.canonical(arch) for arch in space.listing()}) == distinct


@pytest.mark.slow
def test_distinct_networks_of_the_largest_space():
    space = spaces.load("nb1shot1_3")
    assert len({space.canonical(arch) for arch in space.listing()}) == SIZES["nb1shot1_3"][1]


@pytest.mark.parametrize("name", SIZES)
@given(index=st.integers(0, 10**6))
def test_strings_and_masks_round_trip(name, index):
    space = spaces.load(name)
    arch = space.listing()[index % len(space.listing())]
    space.validate(arch)
    assert space.parse(space.format(arch)) == arch == space.normalise(arch)
    assert space.arch_of(space.mask_of(arch)) == arch
    assert len(space.active(arch)) == len(space.decisions)


@pytest.mark.parametrize("name", SIZES)
def test_keys_are_distinct_and_in_the_order_of_the_list(name):
    space = spaces.load(name)
    keys = [space.key(arch) for arch in space.listing()]
    assert len(set(keys)) == len(keys)
    assert keys == sorted(keys)
    assert 0 <= keys[0] <= keys[-1] < space.size


@pytest.mark.parametrize("name", SIZES)
def test_neighbours_differ_in_one_decision_and_know_each_other(name):
    space = spaces.load(name)
    arch = space.sample(np.random.default_rng(3))
    neighbours = space.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours)
    assert arch not in neighbours
    assert all(space.normalise(other) == other for other in neighbours)
    if all(space.active(arch)) and not name.startswith("nb1shot1"):
        assert len(neighbours) == sum(len(decision.options) - 1 for decision in space.decisions)
        assert all(arch in space.neighbours(other) for other in neighbours)


@pytest.mark.parametrize("name", SIZES)
def test_sampling_needs_only_its_generator(name):
    space = spaces.load(name)
    population = spaces.Population(space, space.listing())
    first = population.sample_distinct(40, np.random.default_rng(7))
    assert first == population.sample_distinct(40, np.random.default_rng(7))
    assert first != population.sample_distinct(40, np.random.default_rng(8))
    assert len({space.canonical(arch) for arch in first}) == 40
    assert population.sample(np.random.default_rng(1)) in space.listing()


def test_sample_distinct_stops_at_the_number_of_networks():
    space = spaces.load("nbmacro")
    assert (
        len(spaces.Population(space, space.listing()).sample_distinct(10**6, np.random.default_rng(0)))
        == 3_969
    )


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    "text", ["", "nonsense", "|", "22212223", "|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
)
def test_bad_strings_are_refused_with_one_sentence(name, text):
    with pytest.raises((ConfigError, UnknownNameError), match=r"received|Unknown operation") as caught:
        spaces.load(name).parse(text)
    assert "\n" not in str(caught.value)


def test_unknown_space_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'nb201'\? Allowed: .*nb1shot1_1, nb1shot1_2"):
        spaces.load("nb20")


@pytest.mark.parametrize("bad", [((0,),), ((9,),) * 6, ((0, 1),) * 6])
def test_bad_encodings_are_refused(bad):
    with pytest.raises(ConfigError, match="received"):
        spaces.load("nb201").validate(bad)


def test_masks_lose_and_keep_candidates():
    mask = ((True, True, True), (True, True))
    assert spaces.without(mask, 0, 1) == ((True, False, True), (True, True))
    assert spaces.only(mask, 0, (2,)) == ((False, False, True), (True, True))
