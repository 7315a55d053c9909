"""NAS-Bench-101's cells: normal forms, hashes, neighbours, what is no cell."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from harness import benchmarks, networks, spaces
from harness.errors import ConfigError
from harness.spaces._nb101 import cell_of
from harness.spaces._nb101_forms import INNER, normal_numbers

SPACE = spaces.load("nb101")
CONV3, CONV1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


@pytest.fixture(scope="module")
def table():
    return benchmarks.load_table("nb101")


@pytest.fixture(scope="module")
def cells(table):
    return [table.architectures[int(row)] for row in np.random.default_rng(0).integers(len(table), size=60)]


def shuffled(arch, order):
    """A cell with its inner vertices in another order; None where an edge leads back."""
    cell = SPACE.cell(arch)
    size = len(cell.parents)
    place = [0, *(v + 1 for v in order), size - 1]
    matrix = np.zeros((size, size), int)
    for v, parents in enumerate(cell.parents):
        for source in parents:
            matrix[place[source], place[v]] = 1
    names = [""] * (size - 2)
    for v, name in enumerate(cell.operations):
        names[order[v]] = name
    return None if np.tril(matrix).any() else (matrix, ["input", *names, "output"])


def test_all_cells_are_there_in_their_normal_form(table, cells):
    assert len(table.architectures) == len(table) == 423_624
    assert table.complete
    assert len(np.unique(table.classes)) == 423_624
    for arch in cells:
        assert SPACE.normalise(arch) == arch
        SPACE.validate(arch)
        assert SPACE.parse(SPACE.format(arch)) == arch == SPACE.of_key(SPACE.key(arch))
        assert SPACE.connected(arch)


def test_isomorphic_cells_have_one_key_and_hash(cells):
    several = 0
    for arch in cells[:12]:
        size = len(SPACE.cell(arch).operations)
        forms = [form for order in permutations(range(size)) if (form := shuffled(arch, order)) is not None]
        several += len(forms) > 1
        for matrix, operations in forms:
            assert SPACE.parse((matrix, operations)) == arch
            assert cell_of(matrix, operations).hash() == SPACE.canonical(arch)
    assert several > 5


def test_the_least_number_is_the_normal_form():
    """Of two vertices beside each other the one with the first operation stands first."""
    arch = SPACE.parse(f"{POOL}@0|{CONV3}@0|@1,2")
    assert SPACE.format(arch) == f"{CONV3}@0|{POOL}@0|@1,2"
    edges = np.zeros((1, 21), bool)
    edges[0, [0, 1, 16, 17]] = True
    digits = np.array([[2, 0, 0, 0, 0]])
    assert normal_numbers(edges, digits, 2).tolist() == [(1 + 2 + 2**16 + 2**17) * 3**INNER + 2 * 27]


def test_vertices_on_no_way_are_dropped():
    matrix = np.zeros((5, 5), int)
    matrix[0, 1] = matrix[1, 4] = matrix[0, 2] = matrix[3, 4] = 1
    arch = SPACE.parse((matrix, ["input", CONV1, POOL, POOL, "output"]))
    assert SPACE.format(arch) == f"{CONV1}@0|@1"
    assert sum(SPACE.active(arch)) == 3 + 1
    assert SPACE.operations(arch) == (CONV1, None, None, None, None)


def test_neighbours_are_cells_and_grow_and_shrink(table, cells):
    for arch in cells[:6]:
        around = SPACE.neighbours(arch)
        assert np.isfinite(table.values(around, "cifar10_test_108")).all()
        assert arch not in around
        assert {SPACE.mutated(arch, np.random.default_rng(seed)) for seed in range(20)} <= set(around)
    small = SPACE.parse(f"{CONV3}@0|@1")
    sizes = {len(SPACE.cell(other).operations) for other in SPACE.neighbours(small)}
    assert sizes == {1, 2}
    assert small in SPACE.neighbours(SPACE.parse(f"{CONV3}@0|{POOL}@0|@1,2"))


def test_samples_are_cells(table):
    rng = np.random.default_rng(1)
    drawn = [SPACE.sample(rng) for _ in range(20)]
    assert np.isfinite(table.values(drawn, "cifar10_test_108")).all()


def test_what_is_no_cell(table):
    for text in ("", "@", f"{CONV3}@0", f"{CONV3}@1|@1", "conv5x5@0|@1", f"{CONV3}@0|@2", f"{CONV3}@0|@0,0x"):
        with pytest.raises(ConfigError, match="is written like .*; received"):
            SPACE.parse(text)
    full = np.triu(np.ones((7, 7), int), 1)
    with pytest.raises(ConfigError, match="at most 7 vertices and 9 edges; received 7 and 21"):
        SPACE.parse((full, ["input", *[CONV3] * 5, "output"]))
    with pytest.raises(ConfigError, match="a way from input to output and at most 9 edges"):
        SPACE.validate(((0,),) * 26)
    none = SPACE.normalise(((0,),) * 26)
    assert not SPACE.connected(none)
    assert np.isnan(table.value(none, "cifar10_test_108"))


def test_known_figures(table, cells):
    """The first record of the release, and the best cell."""
    matrix = np.zeros((7, 7), int)
    for source, target in ((0, 1), (1, 2), (2, 3), (0, 4), (0, 5), (3, 5), (4, 5), (2, 6), (5, 6)):
        matrix[source, target] = 1
    arch = SPACE.parse((matrix, ["input", CONV3, POOL, CONV3, CONV3, CONV1, "output"]))
    assert SPACE.canonical(arch) == "00005c142e6f48ac74fdcf73e3439874"
    assert table.value(arch, "cifar10_test_108") == pytest.approx(
        100 * (0.921174 + 0.919071 + 0.921575) / 3, abs=1e-4
    )
    assert table.params([arch]) == [8_555_530]
    assert table.values(table.keys, "cifar10_test_108").max() == pytest.approx(94.3176, abs=1e-4)
    assert table.params(cells).tolist() == [networks.parameter_count(SPACE, arch) for arch in cells]


def test_the_cells_of_nas_bench_1shot1_have_the_same_figures(table):
    other = benchmarks.load_table("nb1shot1_1")
    archs = other.space.listing()[::50]
    found = [
        SPACE.parse({"matrix": cell.matrix, "ops": cell.labels}) for cell in map(other.space.cell, archs)
    ]
    ours, theirs = table.values(found, "cifar10_test_108"), other.values(archs, "cifar10_test_108")
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_it_says_why_it_has_no_supernet():
    with pytest.raises(ConfigError, match=r"have no supernet \(its cells differ in .*\); take a method"):
        networks.require_supernet(SPACE)


@pytest.mark.slow
def test_all_parameters_and_hashes_are_those_of_the_cells(table, shared):
    import pyarrow.parquet as pq

    held = pq.read_table(shared / "data" / "nb101" / "test108.parquet", columns=["module_hash"])
    hashes = {SPACE.canonical(arch) for arch in table.architectures}
    assert hashes == set(held["module_hash"].to_pylist())
    rows = range(0, len(table), 10)
    archs = [table.architectures[row] for row in rows]
    assert table.params(archs).tolist() == [networks.parameter_count(SPACE, arch) for arch in archs]
