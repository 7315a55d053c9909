"""Our cells and hashes against NAS-Bench-101's own code."""

from __future__ import annotations

import pytest
from nasbench_pytorch.model import ModelSpec

from harness import spaces
from harness.benchmarks.importers import _nb1shot1
from harness.spaces import Architecture, Space

NUMBERS = {"nb1shot1_1": (3_702, 2_685), "nb1shot1_2": (12_474, 7_773), "nb1shot1_3": (135_900, 55_854)}


def official_hash(space: Space, arch: Architecture) -> str:
    """The hash of the encoding as it is, unused blocks included, by the benchmark's own pruning."""
    size = space.blocks + 2
    parents = space.parents(arch)
    matrix = [[int(source in parents[target]) for target in range(size)] for source in range(size)]
    operations = [
        decision.candidates[pick] for decision, (pick, *_) in zip(space.decisions, arch, strict=True)
    ]
    spec = ModelSpec(matrix, ["input", *operations[: space.blocks], "output"])
    assert spec.valid_spec
    # The package keeps a tensor, which its own hash cannot sum with NumPy 2.
    spec.matrix = spec.matrix.numpy()
    return spec.hash_spec(["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"])


def check(space: Space, archs: list[Architecture]) -> None:
    for arch in archs:
        expected = official_hash(space, arch)
        assert space.cell(arch).hash() == expected == space.canonical(arch), space.format(arch)


@pytest.mark.parametrize("name", NUMBERS)
def test_hashes_equal_the_benchmark_s(name):
    space = spaces.load(name)
    encodings = [arch for number, arch in enumerate(space.encodings()) if number % 9_973 == 17]
    check(space, encodings + list(space.listing()[:: len(space.listing()) // 60]))


def test_all_encodings_are_covered():
    """Of the smallest space; the slow test below does the others."""
    space, found = spaces.load("nb1shot1_1"), _nb1shot1.hashes("nb1shot1_1")
    assert (len(found), len(set(found.values()))) == NUMBERS["nb1shot1_1"]
    assert list(found) == sorted({space.key(arch) for arch in space.encodings()})


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_every_distinct_cell_has_the_benchmark_s_hash(name):
    space, found = spaces.load(name), _nb1shot1.hashes(name)
    assert (len(found), len(set(found.values()))) == NUMBERS[name]
    one_of_each: dict[str, Architecture] = {}
    codes = set()
    for arch in space.encodings():
        code = space.key(arch)
        codes.add(code)
        one_of_each.setdefault(found[code], arch)
    assert codes == set(found)
    for cell, arch in one_of_each.items():
        assert official_hash(space, arch) == cell
