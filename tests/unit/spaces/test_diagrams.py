"""What architectures look like: every space has diagrams, and they show what was picked."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.spaces._diagram import Link, Node, chain


@pytest.mark.parametrize("name", spaces.names())
def test_links_lead_forward_and_the_words_name_every_operation(name):
    space = spaces.load(name)
    arch = space.sample(np.random.default_rng(1))
    diagrams = space.diagrams(arch)
    assert diagrams
    for diagram in diagrams:
        assert all(0 <= link.source < link.target < len(diagram.nodes) for link in diagram.links)
        operations = [node.operation for node in diagram.nodes] + [link.operation for link in diagram.links]
        assert all(operation in diagram.words for operation in operations)
    shown = {
        operation
        for diagram in diagrams
        for operation in (*(n.operation for n in diagram.nodes), *(link.operation for link in diagram.links))
    }
    assert set(filter(None, space.operations(arch))) <= shown


def test_a_cell_of_nb201_has_its_operations_on_its_edges():
    space = spaces.load("nb201")
    (cell,) = space.diagrams(
        space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")
    )
    assert [node.name for node in cell.nodes] == ["in", "1", "2", "out"]
    assert cell.links[0] == Link(0, 1, "nor_conv_3x3")
    assert cell.links[-1] == Link(2, 3, "nor_conv_1x1")


def test_unused_blocks_of_nb1shot1_are_not_drawn():
    space = spaces.load("nb1shot1_3")
    arch = space.parse("conv1x1-bn-relu@0|maxpool3x3@1|-|-|-|0,2".replace("|0,2", "|@0,2"))
    (cell,) = space.diagrams(arch)
    assert [node.operation for node in cell.nodes] == ["", "conv1x1-bn-relu", "maxpool3x3", ""]


def test_darts_has_two_cells_of_eight_operations():
    space = spaces.load("darts")
    normal, reduction = space.diagrams(space.sample(np.random.default_rng(0)))
    assert (normal.title, reduction.title) == ("Normal cell", "Reduction cell")
    assert [len(cell.links) for cell in (normal, reduction)] == [8, 8]


def test_a_chain_is_told_by_its_layers_alone():
    assert chain((Node("1", "a"), Node("2", "b"))).words == "1: a; 2: b"
