"""Published genotypes: what they are, what two have in common, and where chance would be."""

from __future__ import annotations

import numpy as np
import pytest

from harness import networks, spaces
from harness.networks.darts import Size
from harness.published.genotypes import (
    INPUTS,
    OPERATIONS,
    among_themselves,
    by_setting,
    chance,
    genotypes,
    mean_overlap,
    overlap,
    random_params,
)

SPACE = spaces.load("darts_s5")
CELL = "|sep_conv_3x3~0|skip_connect~1|+|sep_conv_3x3~0|sep_conv_5x5~1|+|sep_conv_3x3~0|max_pool_3x3~1|"


def test_there_are_64_of_76_names():
    assert len(genotypes()) == 76
    assert len({each.text for each in genotypes()}) == 64
    assert {each.setting.space for each in genotypes()} == {f"darts_s{number}" for number in range(1, 6)}


def test_each_is_of_its_space_and_has_the_parameters_that_it_says():
    for each in genotypes():
        space = spaces.load(each.setting.space)
        arch = space.parse(each.text)
        assert space.format(arch) == each.text
        assert networks.darts.parameter_count(space, arch, Size(36, 20), 10) == each.params


def test_settings_are_those_of_the_names():
    found = {
        (each.proposals, each.validation_batches, each.order): members
        for each, members in by_setting("darts").items()
        if each.searcher == "zero_cost_pt" and each.dataset == "cifar10"
    }
    settings = [(1, None), *((proposals, batches) for proposals in (5, 10) for batches in (1, 10, 100))]
    assert set(found) == {*((*each, "random") for each in settings), (10, 100, "global")}
    assert {len(members) for members in found.values()} == {4}
    assert by_setting("darts") == by_setting("darts_s5")
    assert by_setting("nb201") == {}


def test_overlap_of_two_written_by_hand():
    first = SPACE.parse(f"{CELL}+|sep_conv_3x3~0|sep_conv_3x3~1|/{CELL}+|sep_conv_3x3~3|sep_conv_3x3~4|")
    second = SPACE.parse(f"{CELL}+|sep_conv_3x3~1|sep_conv_5x5~2|/{CELL}+|dil_conv_3x3~3|sep_conv_5x5~4|")
    found = overlap(SPACE, first, second)
    assert (found.operations, found.inputs) == (6 + 1 + 6 + 0, 4 + 1 + 4 + 2)
    same = overlap(SPACE, first, first)
    assert (same.operations, same.inputs) == (OPERATIONS, INPUTS)
    both = mean_overlap(SPACE, [first], [first, second])
    assert (both.operations, both.inputs) == ((16 + 13) / 2, (12 + 11) / 2)
    assert among_themselves(SPACE, [first]) is None
    assert among_themselves(SPACE, [first, second]) == found


@pytest.mark.parametrize("name", ["darts", "darts_s1", "darts_s3"])
def test_chance_is_what_drawn_genotypes_have_in_common(name):
    space = spaces.load(name)
    rng = np.random.default_rng(0)
    drawn = [[space.sample(rng) for _ in range(60)] for _ in range(2)]
    expected, found = chance(space), mean_overlap(space, *drawn)
    assert found.operations == pytest.approx(expected.operations, abs=0.25)
    assert found.inputs == pytest.approx(expected.inputs, abs=0.25)
    params = [networks.darts.parameter_count(space, arch, Size(36, 20), 10) for arch in drawn[0] + drawn[1]]
    assert random_params(name) == pytest.approx(np.mean(params), rel=0.03)
