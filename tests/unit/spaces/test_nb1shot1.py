"""NAS-Bench-1Shot1: parents, unused blocks, NAS-Bench-101 hashes."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from harness import spaces

NAMES = ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3")


@pytest.mark.parametrize("name", NAMES)
def test_listed_cells_are_the_official_ones(name, shared):
    space = spaces.load(name)
    path = shared / "data" / "nb1shot1" / f"space{name[-1]}_without_loose_ends.csv.gz"
    with gzip.open(path, "rt") as lines:
        official = Counter(row["module_hash"] for row in csv.DictReader(lines))
    assert Counter(space.canonical(arch) for arch in space.listing()) == official


@pytest.mark.parametrize("name", NAMES)
def test_every_node_has_its_number_of_parents(name):
    space = spaces.load(name)
    for arch in islice(space.encodings(), 0, None, 997):
        parents = space.parents(arch)
        assert tuple(map(len, parents)) == space.parents_per_node
        assert all(parent < v for v, chosen in enumerate(parents) for parent in chosen)


@pytest.mark.parametrize("name", NAMES)
def test_unused_choices_do_not_change_the_cell(name):
    space = spaces.load(name)
    rng = np.random.default_rng(11)
    for arch in (space.sample(rng) for _ in range(60)):
        for index in [i for i, active in enumerate(space.active(arch)) if not active]:
            for option in space.decisions[index].options:
                other = (*arch[:index], option, *arch[index + 1 :])
                assert space.normalise(other) == arch
                assert space.canonical(other) == space.canonical(arch)
                assert space.format(other) == space.format(arch)


@pytest.mark.parametrize("name", NAMES)
def test_hash_equals_nasbench_pytorch(name):
    model_spec = pytest.importorskip("nasbench_pytorch.model.model_spec")
    space = spaces.load(name)
    options = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
    rng = np.random.default_rng(2)
    for arch in (space.sample(rng) for _ in range(150)):
        cell = space.cell(arch)
        spec = model_spec.ModelSpec(np.array(cell.matrix), cell.labels)
        spec.matrix = spec.matrix.numpy()
        assert cell.hash() == spec.hash_spec(options)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_encoding_hashes_like_its_pruned_cell(name):
    # nasbench_pytorch prunes by itself: give it all blocks, loose ends included.
    model_spec = pytest.importorskip("nasbench_pytorch.model.model_spec")
    space = spaces.load(name)
    options = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
    for arch in islice(space.encodings(), 0, 20_000, 191):
        parents = space.parents(arch)
        size = len(parents)
        matrix = np.array([[int(u in parents[v]) for v in range(size)] for u in range(size)])
        operations = [space.decisions[v].candidates[arch[v][0]] for v in range(space.blocks)]
        labels = ["input", *operations, "output"]
        spec = model_spec.ModelSpec(matrix, labels)
        spec.matrix = spec.matrix.numpy()
        assert space.canonical(arch) == spec.hash_spec(options)


def test_format_names_parents_and_unused_blocks():
    space = spaces.load("nb1shot1_1")
    arch = space.parse("conv3x3-bn-relu@0|-|-|-|@0,1")
    assert space.format(arch) == "conv3x3-bn-relu@0|-|-|-|@0,1"
    assert space.non_identity_operations(arch) == 1
    assert space.active(arch) == (True, False, False, False, False, False, True)
