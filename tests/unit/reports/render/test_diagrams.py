"""Diagrams as SVG: nothing overlaps, everything is named."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from harness import spaces
from harness.reports.findings.architectures import colours
from harness.reports.render.diagrams import ROW, lanes, rows, svg


@pytest.mark.parametrize("name", ["nb201", "nb1shot1_2", "nbmacro", "darts", "mobilenet"])
def test_operations_are_written_and_links_of_a_lane_apart(name):
    space = spaces.load(name)
    for diagram in space.diagrams(space.sample(np.random.default_rng(5))):
        text = svg(diagram, colours(space))
        assert f'aria-label="{diagram.words}"' in text
        for link in diagram.links:
            if link.operation not in ("", "none"):
                assert f">{link.operation}</text>" in text
        placed = list(zip(diagram.links, lanes(diagram.links), strict=True))
        for (a, lane), (b, other) in combinations(placed, 2):
            if lane == other:
                assert max(a.source, b.source) >= min(a.target, b.target)
        assert all(lane != 0 for link, lane in placed if link.target > link.source + 1)


def test_operations_that_only_pass_on_are_pale_and_others_have_classes_of_their_own():
    found = colours(spaces.load("nb201"))
    assert found["none"] == found["skip_connect"] == "pale"
    coloured = [name for name in found.values() if name != "pale"]
    assert len(set(coloured)) == len(coloured) == 3


def test_links_of_a_chain_lie_behind_its_boxes():
    space = spaces.load("nbmacro")
    (diagram,) = space.diagrams(space.sample(np.random.default_rng(5)))
    text = svg(diagram, colours(space))
    assert text.rindex("<path") < text.index("<rect")


def test_what_an_operation_is_called_is_escaped():
    from harness.spaces._diagram import Node, chain

    text = svg(chain((Node("<i>", "a&b"), Node("2", "c"))), {})
    assert "<i>" not in text
    assert "a&amp;b" in text


def test_a_stage_has_a_row_of_its_own_and_lines_lie_below_boxes():
    space = spaces.load("mobilenet")
    (diagram,) = space.diagrams(space.parse(" ".join("0" * 21)))
    assert [len(row) for row in rows(diagram.nodes)] == [4, 4, 4, 4, 4, 1]
    assert [len(row) for row in rows(diagram.nodes[:1] * (2 * ROW + 1))] == [ROW, ROW, 1]
    text = svg(diagram, colours(space))
    assert text.rindex("<path") < text.index("<rect")
