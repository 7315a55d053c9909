"""Architectures that grow stage by stage: every network is reached, and each stage extends the one before."""

from __future__ import annotations

import pytest

from harness import spaces

STAGES = {"nb201": 4, "transnas_micro": 4, "nbmacro": 8, "nb1shot1_1": 4, "nb1shot1_2": 3, "nb101": 5}


def layers(space, stages):
    """All architectures of every stage."""
    found = [dict.fromkeys(map(space.normalise, space.grown(None, 0)))]
    for stage in range(1, stages):
        grown = (space.normalise(each) for arch in found[-1] for each in space.grown(arch, stage))
        found.append(dict.fromkeys(grown))
    return found


def test_who_says_how():
    assert {name for name in spaces.names() if spaces.load(name).stages} == {*STAGES, "nb1shot1_3"}
    with pytest.raises(NotImplementedError, match="darts_s2 does not say how"):
        spaces.load("darts_s2").grown(None, 0)


@pytest.mark.parametrize("name", ["nb201", "nbmacro"])
def test_the_last_stage_is_the_whole_space(name):
    space = spaces.load(name)
    assert space.stages == STAGES[name]
    found = layers(space, space.stages)
    assert set(found[-1]) == set(space.listing())
    if name == "nb201":
        assert [len(each) for each in found] == [5, 125, 3125, 15625]
        assert all(arch[1] == arch[2] == (0,) for arch in found[1])


@pytest.mark.parametrize("name", ["nb1shot1_1", "nb1shot1_2"])
def test_stages_are_cells_of_one_more_used_block(name):
    space = spaces.load(name)
    assert space.stages == STAGES[name]
    found = layers(space, space.stages)
    blocks = [{sum(space.used(arch)[1:-1]) for arch in each} for each in found]
    assert blocks == [{1 + stage + min(blocks[0]) - 1} for stage in range(space.stages)]
    reached = {space.canonical(arch) for each in found for arch in each}
    assert len(reached) >= 0.9 * len({space.canonical(arch) for arch in space.listing()})


def test_cells_of_nasbench_101_grow_by_a_vertex():
    space = spaces.load("nb101")
    found = layers(space, 3)
    assert [len(each) for each in found[:2]] == [6, 84]  # the benchmark has so many of 3 and of 4 vertices
    for stage, each in enumerate(found):
        assert {len(space.cell(arch).operations) for arch in each} == {stage + 1}
        assert all(space.has(arch) for arch in each)
    assert len(found[2]) == len({space.canonical(arch) for arch in found[2]})
