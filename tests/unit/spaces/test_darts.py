"""DARTS's spaces: operations of every edge, counts, forms of genotypes, isomorphism, neighbours, errors."""

from __future__ import annotations

import csv
import json
from collections import namedtuple
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest

from harness import folders, spaces
from harness.errors import ConfigError, HarnessError

NAMES = tuple(name for name in spaces.names() if name.startswith("darts"))
DARTS = spaces.load("darts")
DATA = folders.ROOT.parent / "shared" / "data" / "darts"

V2 = (
    "|sep_conv_3x3~0|sep_conv_3x3~1|+|sep_conv_3x3~0|sep_conv_3x3~1|+|skip_connect~0|sep_conv_3x3~1|"
    "+|skip_connect~0|dil_conv_3x3~2|/|max_pool_3x3~0|max_pool_3x3~1|+|max_pool_3x3~1|skip_connect~2|"
    "+|max_pool_3x3~0|skip_connect~2|+|max_pool_3x3~1|skip_connect~2|"
)
NORMAL = [
    ("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
    ("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2),
]  # fmt: skip
REDUCE = [
    ("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1),
    ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1),
]  # fmt: skip
"""As DARTS's own code lists DARTS_V2, the pairs of a node in the order of their strength."""
Tuple = namedtuple("Tuple", "normal normal_concat reduce reduce_concat")
WRITTEN = f"Genotype(normal={NORMAL}, normal_concat=range(2, 6), reduce={REDUCE}, reduce_concat=range(2, 6))"
PARTS = {"normal": NORMAL, "normal_concat": [2, 3, 4, 5], "reduce": REDUCE, "reduce_concat": [2, 3, 4, 5]}

FORMS = {
    "string": V2,
    "written": WRITTEN,
    "assigned": f"DARTS_V2 = {WRITTEN}",
    "with a module's name": f"gt_Genotype({NORMAL}, [2, 3, 4, 5], {REDUCE}, [2, 3, 4, 5])",
    "namedtuple": Tuple(NORMAL, range(2, 6), REDUCE, range(2, 6)),
    "object": SimpleNamespace(**PARTS),
    "mapping": PARTS,
    "mapping without concatenations": {"normal": NORMAL, "reduce": REDUCE},
    "as JSON": json.loads(json.dumps(PARTS)),
    "namedtuple as JSON": json.loads(json.dumps(list(PARTS.values()))),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form):
    assert DARTS.format(DARTS.parse(FORMS[form])) == V2


def test_a_genotype_is_written_as_darts_writes_it():
    genotype = DARTS.genotype(DARTS.parse(V2))
    assert set(map(tuple, genotype.normal)) == set(NORMAL)
    assert genotype.normal_concat == genotype.reduce_concat == [2, 3, 4, 5]
    assert repr(genotype).startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    assert eval(repr(genotype), {"Genotype": Tuple}) == tuple(genotype)


@pytest.mark.parametrize("name", NAMES)
def test_forms_and_masks_round_trip(name):
    space, rng = spaces.load(name), np.random.default_rng(0)
    for _ in range(30):
        arch = space.sample(rng)
        space.validate(arch)
        assert arch == space.normalise(arch) == space.arch_of(space.mask_of(arch))
        genotype = space.genotype(arch)
        for form in (space.format(arch), genotype, repr(genotype), genotype._asdict(), arch):
            assert space.parse(form) == arch
        assert sum(space.active(arch)) == 16 + 6
        assert "none" not in space.format(arch)


def test_counts_of_genotypes_are_the_published_ones():
    found = {name: spaces.load(name).genotypes for name in NAMES}
    reduced = dict.fromkeys(("darts_s1", "darts_s2", "darts_s3", "darts_s4"), 46_080**2)
    assert found == {"darts": 1_037_664_180**2, "darts_s5": 1_037_664_180**2, **reduced}


@pytest.mark.skipif(not DATA.is_dir(), reason="the table of reduced spaces is not beside the repository")
def test_operations_of_every_edge_are_those_of_the_table():
    with (DATA / "darts_reduced_spaces.csv").open() as file:
        for row in csv.DictReader(file):
            space = spaces.load("darts" if row["space"] == "s5" else f"darts_{row['space']}")
            decision = space.decisions[int(row["edge"]) + 14 * (row["cell"] == "reduce")]
            assert decision.name == f"{row['cell']}_{row['node']}<-{row['predecessor']}"
            assert decision.candidates == tuple(row["operations"].split())


@pytest.mark.skipif(not DATA.is_dir(), reason="the published genotypes are not beside the repository")
def test_published_genotypes_are_read_and_written_back():
    found = set()
    with (DATA / "darts_published_genotypes.csv").open() as file:
        for row in csv.DictReader(file):
            space = spaces.load("darts_s4") if "noise" in row["genotype"] else DARTS
            try:
                arch = space.parse(row["genotype"])
            except HarnessError:
                assert row["in_darts_space"] == "no"
                continue
            assert space.format(arch) == row["genotype"]
            assert space.parse(repr(space.genotype(arch))) == arch
            found.add(row["genotype"])
    assert len(found) == 242


def test_no_decision_of_an_edge_that_is_not_picked_counts():
    arch = DARTS.parse(V2)
    inactive = DARTS.active(arch).index(False)
    other = (*arch[:inactive], (5,), *arch[inactive + 1 :])
    assert DARTS.format(other) == V2
    assert DARTS.normalise(other) == arch
    assert DARTS.key(other) == DARTS.key(arch)


def test_none_on_a_picked_edge_becomes_the_first_other_operation():
    """As in DARTS's code where no other operation has any weight."""
    space = spaces.load("darts_s3")
    arch = space.sample(np.random.default_rng(0))
    kept = space.normalise(((0,), *arch[1:]))
    assert space.cells(kept)[0][0][0] == ("skip_connect", 0)


def test_nodes_in_another_order_are_the_same_network():
    cell = [(("sep_conv_3x3", 0), ("skip_connect", 1)), (("dil_conv_5x5", 0), ("max_pool_3x3", 1))]
    cell += [(("sep_conv_5x5", 0), ("skip_connect", 1)), (("sep_conv_3x3", 1), ("avg_pool_3x3", 0))]
    strings = set()
    for order in permutations(cell):
        normal = [pair for node in order for pair in node]
        arch = DARTS.parse({"normal": normal, "reduce": REDUCE})
        strings.add(DARTS.canonical(arch))
    assert len(strings) == 1


def test_predecessors_move_with_their_nodes():
    first = "|sep_conv_3x3~0|skip_connect~1|+|sep_conv_5x5~0|skip_connect~1|"
    second = "|sep_conv_5x5~0|skip_connect~1|+|sep_conv_3x3~0|skip_connect~1|"
    rest = "+|dil_conv_3x3~0|max_pool_3x3~{}|+|skip_connect~1|dil_conv_5x5~{}|/" + V2.partition("/")[2]

    def canonical(nodes: str, *numbers: int) -> str:
        return DARTS.canonical(DARTS.parse(nodes + rest.format(*numbers)))

    assert canonical(first, 2, 3) == canonical(second, 3, 2)
    assert canonical(first, 2, 3) != canonical(second, 2, 3)


def test_keys_are_those_of_genotypes():
    rng = np.random.default_rng(1)
    archs = [DARTS.sample(rng) for _ in range(300)]
    assert len({DARTS.key(arch) for arch in archs}) == len({DARTS.format(arch) for arch in archs}) == 300


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_differ_in_one_pair_and_know_each_other(name):
    space = spaces.load(name)
    arch = space.sample(np.random.default_rng(3))
    neighbours = space.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours)
    for other in neighbours:
        pairs = [
            {(node, *pair) for node, pairs in enumerate(cell) for pair in pairs}
            for each in (arch, other)
            for cell in space.cells(each)
        ]
        assert len(pairs[0] ^ pairs[2]) + len(pairs[1] ^ pairs[3]) == 2
        assert space.normalise(other) == other
    assert all(arch in space.neighbours(other) for other in neighbours[::7])
    # 8 pairs a cell; one of k other operations on the edge, or k + 1 on the 12 edges that take its place
    counts = {"darts": 2 * (8 * 6 + 12 * 7), "darts_s5": 2 * (8 * 6 + 12 * 7)}
    assert len(neighbours) == counts.get(name, 2 * (8 + 12 * 2))


def test_noise_cuts_off_the_images():
    space = spaces.load("darts_s4")
    noise, convolution = (
        space.normalise(((pick,),) * 28 + space.sample(np.random.default_rng(0))[28:]) for pick in (0, 1)
    )
    assert space.connected(convolution)
    assert not space.connected(noise)
    assert space.connected(convolution[:14] + noise[14:28] + convolution[28:]) == (
        "sep_conv_3x3~0" in space.format(convolution).partition("/")[0]
    )


def test_nobody_lists_it_and_it_is_drawn_from():
    assert DARTS.listing() is None
    drawn = spaces.Population(DARTS).sample_distinct(50, np.random.default_rng(0))
    assert len({DARTS.canonical(arch) for arch in drawn}) == 50
    assert drawn == spaces.Population(DARTS).sample_distinct(50, np.random.default_rng(0))


NODES = V2.partition("/")[0].split("+")


def text_with(node: int, pairs: str) -> str:
    return "+".join([*NODES[: node - 2], pairs, *NODES[node - 1 :]]) + "/" + V2.partition("/")[2]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (text_with(3, "|skip_connect~0|skip_connect~3|"), "feeds node 3 from the nodes 0 to 2; received 3"),
        (text_with(3, "|skip_connect~1|sep_conv_3x3~1|"), "from two different nodes; received 1 twice"),
        (text_with(4, "|skip_connect~0|none~1|"), "keeps no none.*on an input of node 4"),
        (text_with(4, "|skip_connect~0|sep_conv_7x7~1|"), "Unknown operation of normal_4<-1 in darts"),
        (text_with(4, "|skip_connect~0|"), r"has 4 nodes of 2 inputs each; received 4, of \[2, 2, 1, 2\]"),
        (text_with(5, f"{NODES[3]}+{NODES[3]}"), "has 4 nodes of 2 inputs each; received 5"),
        (V2.partition("/")[0], "is written as the normal and the reduction cell"),
        ({**PARTS, "normal": NORMAL[:-2]}, "normal cell of .* has 4 nodes of 2 inputs each; received 3"),
        ({**PARTS, "reduce": REDUCE[:-1]}, r"reduction cell of .*received 4, of \[2, 2, 2, 1\]"),
        ({**PARTS, "normal": [("skip_connect", -1), *NORMAL[1:]]}, "nodes 0 to 1; received -1"),
        ({**PARTS, "normal": 5}, "is a list of pairs such as"),
        ({**PARTS, "normal": [("skip_connect", 0.0), *NORMAL[1:]]}, "is a list of pairs such as"),
        ({**PARTS, "reduce_concat": [3, 4, 5]}, r"nodes 2 to 5; received reduce_concat=\[3, 4, 5\]"),
        (
            WRITTEN.replace("range(2, 6)", "range(2, 5)"),
            r"nodes 2 to 5; received normal_concat=range\(2, 5\)",
        ),
        (WRITTEN[:-40], "is written as the normal and the reduction cell"),
        ("Genotype(normal=open('x'), reduce=[])", "is written as the normal and the reduction cell"),
        (5, "An architecture of darts is its string, Genotype"),
        ({"normal": NORMAL}, "An architecture of darts is its string, Genotype"),
    ],
)
def test_bad_genotypes_are_answered_in_a_sentence(form, words):
    with pytest.raises(HarnessError, match=words) as caught:
        DARTS.parse(form)
    assert "\n" not in str(caught.value)


def test_an_operation_of_another_edge_is_refused():
    with pytest.raises(HarnessError, match="Unknown operation of normal_2<-0 in darts_s2 'dil_conv_3x3'"):
        spaces.load("darts_s2").parse(V2.replace("sep_conv_3x3~0", "dil_conv_3x3~0", 1))
    with pytest.raises(ConfigError, match="'normal_2<-0' of darts_s2 takes 1"):
        spaces.load("darts_s2").validate(((5,),) * 28 + ((0, 1),) * 6)
