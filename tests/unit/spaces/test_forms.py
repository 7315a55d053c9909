"""Architectures in the forms that people have: what is read, as which architecture, and what is refused."""

from __future__ import annotations

import json
from collections import OrderedDict
from itertools import product

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError, HarnessError

NB201 = spaces.load("nb201")
TEXT = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
"""All operations, and different ones where orders of edges differ."""

GENOTYPE = (
    (("nor_conv_3x3", 0),),
    (("none", 0), ("avg_pool_3x3", 1)),
    (("skip_connect", 0), ("nor_conv_1x1", 1), ("avg_pool_3x3", 2)),
)
EDGES = {
    (0, 1): "nor_conv_3x3", (0, 2): "none", (1, 2): "avg_pool_3x3",
    (0, 3): "skip_connect", (1, 3): "nor_conv_1x1", (2, 3): "avg_pool_3x3",
}  # fmt: skip
NASLIB = (2, 1, 0, 4, 3, 4)
"""Edges 12, 13, 14, 23, 24, 34 and operations skip, none, 3x3, 1x1, pool."""

FORMS = {
    "string": TEXT,
    "genotype": GENOTYPE,
    "genotype as JSON": json.loads(json.dumps(GENOTYPE)),
    "edges": EDGES,
    "edges backwards": {edge[::-1]: operation for edge, operation in EDGES.items()},
    "edges from 1": {(a + 1, b + 1): operation for (a, b), operation in EDGES.items()},
    "edges by name": OrderedDict((f"{b}<-{a}", operation) for (a, b), operation in EDGES.items()),
    "naslib": NASLIB,
    "naslib as a list": list(NASLIB),
    "naslib as an array": np.array(NASLIB),
    "naslib as a file's key": str(NASLIB),
    "ours": ((3,), (0,), (4,), (1,), (2,), (4,)),
    "ours as JSON": [[3], [0], [4], [1], [2], [4]],
    "ours as an array": np.array([[3], [0], [4], [1], [2], [4]]),
}


@pytest.mark.parametrize("form", FORMS)
def test_nb201(form):
    assert NB201.format(NB201.parse(FORMS[form])) == TEXT


def test_naslibs_tuples_are_all_architectures():
    found = {NB201.parse(indices) for indices in product(range(5), repeat=6)}
    assert found == set(NB201.listing())
    assert NB201.format(NB201.parse((4, 0, 3, 1, 4, 3))) == (
        "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    )


@pytest.mark.parametrize(
    "form",
    [
        (5, 0, 0, 0, 0, 0), (-1, 0, 0, 0, 0, 0), (1, 2, 3), (True,) * 6, ("none",) * 6, (), {}, 5, None, b"",
        dict.fromkeys(EDGES, 3), {**EDGES, (3, 0): "none"}, {(0, 1): "none"}, dict.fromkeys(EDGES, "conv"),
        GENOTYPE[:2], (*GENOTYPE, GENOTYPE[0]), ((("none", 0), ("none", 0)),) * 3, np.zeros((6, 2), int),
        np.zeros(6), [[9]] * 6, [0.5] * 6, {"1<-0": "none"},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_none_or_could_be_several_is_refused_in_a_sentence(form):
    with pytest.raises(HarnessError) as caught:
        NB201.parse(form)
    assert "\n" not in str(caught.value)


def test_nbmacro():
    space = spaces.load("nbmacro")
    expected = space.parse("22212220")
    assert (
        space.parse((2, 2, 2, 1, 2, 2, 2, 0)) == space.parse(np.array([2, 2, 2, 1, 2, 2, 2, 0])) == expected
    )
    names = ("identity", "mb3_k3", "mb6_k5")
    assert space.parse({f"layer_{i}": names[pick] for i, (pick,) in enumerate(expected)}) == expected
    for form in (22212220, (3,) * 8, (2,) * 7, [2.0] * 8):
        with pytest.raises(ConfigError):
            space.parse(form)


@pytest.mark.parametrize("name", ["nb1shot1_1", "nb1shot1_2", "nb1shot1_3"])
def test_cells_of_nas_bench_101(name):
    space = spaces.load(name)
    for arch in space.listing()[:: len(space.listing()) // 20]:
        cell = space.cell(arch)
        found = space.parse((cell.matrix, cell.labels))
        assert space.canonical(found) == space.canonical(arch)
        assert space.parse({"matrix": np.array(cell.matrix), "ops": cell.labels}) == found
        named = {
            decision.name: [decision.candidates[pick] for pick in picks]
            for decision, picks in zip(space.decisions, arch, strict=True)
        }
        assert space.parse(named) == arch


def test_vertices_that_lead_nowhere_do_not_count():
    space = spaces.load("nb1shot1_1")
    cell = space.cell(space.listing()[100])
    matrix = np.pad(cell.matrix, 1)[1:, 1:]
    size = len(matrix)
    matrix = np.insert(np.delete(matrix, size - 1, 0), size - 2, 0, axis=0)
    matrix[:, [size - 2, size - 1]] = matrix[:, [size - 1, size - 2]]
    operations = [*cell.labels[:-1], "maxpool3x3", "output"]
    assert space.parse((matrix, operations)) == space.parse((cell.matrix, cell.labels))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (([[0]], ["input"]), "is an upper-triangular matrix"),
        (([[0, 1], [0, 0]], ["input"]), "is an upper-triangular matrix"),
        (([[0, 1], [1, 0]], ["input", "output"]), "is an upper-triangular matrix"),
        (([[0, "x"], [0, 0]], ["input", "output"]), "is an upper-triangular matrix"),
        (([[0, 1], [0, 0]], ["input", "output"]), "lists no architecture with this cell"),
        (([[0, 0], [0, 0]], ["input", "output"]), "this one has none"),
    ],
)
def test_other_cells(cell, words):
    with pytest.raises(ConfigError, match=words):
        spaces.load("nb1shot1_1").parse(cell)
