"""The MobileNet-like space: what can be chosen, the authors' genotypes, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError, UnknownNameError

SPACE = spaces.load("mobilenet")
PROXYLESS_GPU = "2 -1 -1 -1 4 0 -1 -1 5 2 -1 -1 3 0 2 -1 5 5 5 3 5"
SHORT = "0 -1 -1 -1 0 -1 -1 -1 0 -1 -1 -1 0 -1 -1 -1 0 -1 -1 -1 0"


def test_21_layers_of_which_the_first_of_a_stage_are_no_identity():
    identity = [decision.candidates[-1] == "identity" for decision in SPACE.decisions]
    assert [layer for layer, can_be in enumerate(identity) if not can_be] == [0, 4, 8, 12, 16, 20]
    assert [len(decision.candidates) for decision in SPACE.decisions] == [6 + can_be for can_be in identity]
    assert SPACE.size == 6**6 * 7**15 == 221_502_229_807_900_608
    assert SPACE.listing() is None


def test_a_genotype_is_21_ids_and_is_read_in_every_form():
    arch = SPACE.parse(PROXYLESS_GPU)
    assert SPACE.format(arch) == PROXYLESS_GPU
    ids = [int(each) for each in PROXYLESS_GPU.split()]
    named = {d.name: d.candidates[pick] for d, (pick,) in zip(SPACE.decisions, arch, strict=True)}
    assert named["layer_0"] == "mb3_k5"
    assert named["layer_4"] == "mb3_k7"
    assert named["layer_1"] == "identity"
    assert SPACE.parse(ids) == SPACE.parse(np.array(ids)) == SPACE.parse(named) == SPACE.parse(arch) == arch
    assert SPACE.non_identity_operations(arch) == 13
    assert SPACE.of_key(SPACE.key(arch)) == arch


def test_an_identity_does_nothing_wherever_it_stands_in_its_stage():
    moved = SPACE.parse(PROXYLESS_GPU.replace("5 2 -1 -1", "5 -1 2 -1"))
    other = SPACE.parse(PROXYLESS_GPU.replace("5 2 -1 -1", "2 5 -1 -1"))
    assert SPACE.canonical(moved) == PROXYLESS_GPU
    assert SPACE.canonical(other) != PROXYLESS_GPU
    assert SPACE.canonical(SPACE.parse(SHORT)) == SHORT


def test_neighbours_differ_in_one_layer():
    arch = SPACE.parse(PROXYLESS_GPU)
    neighbours = SPACE.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours) == 6 * 5 + 15 * 6
    rng = np.random.default_rng(0)
    assert {SPACE.mutated(arch, rng) for _ in range(50)} <= set(neighbours)
    for other in neighbours:
        SPACE.validate(other)


def test_draws_need_no_list():
    population = spaces.Population(SPACE)
    drawn = population.sample_distinct(30, np.random.default_rng(1))
    assert len({SPACE.canonical(arch) for arch in drawn}) == 30
    with pytest.raises(ConfigError, match="nobody lists the 221,502,229,807,900,608 of mobilenet"):
        len(population)


BAD = [
    (PROXYLESS_GPU[:-2], "written as 21 ids between blanks, .*; received 20: 2 -1"),
    (f"{PROXYLESS_GPU} 3", "received 22: "),
    ("", "received 0: "),
    (PROXYLESS_GPU[:-1] + "6", "0 to 5 for mb3_k3, .* and -1 for an identity; received 6 in layer 20"),
    (PROXYLESS_GPU[:-1] + "-2", "received -2 in layer 20"),
    (
        PROXYLESS_GPU.replace("4", "-1"),
        "Layers 0, 4, 8, 12, 16 and 20 .* received id -1 in layer 4: take one",
    ),
    (PROXYLESS_GPU.replace("4", "four"), "received '2 -1 -1 -1 four 0"),
    ("22212220", "received 1: 22212220"),
    ([0] * 20, "received 20: 0 0"),
    (((6,), *[(0,)] * 20), "'layer_0' of mobilenet takes 1 of the candidates 0 to 5"),
]


@pytest.mark.parametrize(("form", "words"), BAD, ids=range(len(BAD)))
def test_what_is_no_genotype_is_answered_in_a_sentence(form, words):
    with pytest.raises(ConfigError, match=words) as caught:
        SPACE.parse(form)
    assert "\n" not in str(caught.value)


def test_an_unknown_block_is_answered_with_the_nearest():
    named = {decision.name: "mb3_k3" for decision in SPACE.decisions}
    with pytest.raises(UnknownNameError, match="candidate of layer_4 in mobilenet 'identity'"):
        SPACE.parse(named | {"layer_4": "identity"})


def test_a_diagram_shows_every_layer_with_its_stage():
    (diagram,) = SPACE.diagrams(SPACE.parse(PROXYLESS_GPU))
    assert [node.operation for node in diagram.nodes[:5]] == ["mb3_k5", *["identity"] * 3, "mb3_k7"]
    assert [node.note for node in diagram.nodes].count("stage 6") == 1
    assert len(diagram.links) == 20
