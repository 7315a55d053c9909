"""Chen et al.'s space: the authors' numbering of cells, patterns, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError, UnknownNameError
from harness.spaces.nas_dip_cells import ACTIVATIONS, CELLS, CONVOLUTIONS, KERNELS, SPACE, UpsamplingCell

TEXT = "bilinear+sep_conv_5x5+relu|10000|01100|00000|00010|10001"


def numbered(index: int) -> UpsamplingCell:
    """The cell of an index of the authors' code, by its arithmetic."""
    if index >= 312:
        return UpsamplingCell("transposed_conv", "identity", KERNELS[index // 3 % 4], ACTIVATIONS[index % 3])
    resizing = ["bilinear", "bicubic", "nearest", "pixel_shuffle", "conv_pixel_shuffle"][index // 63]
    place = index % 63
    if place >= 60:
        return UpsamplingCell(resizing, "identity", 0, ACTIVATIONS[place % 3])
    return UpsamplingCell(
        resizing, CONVOLUTIONS[place // 12], KERNELS[place // 3 % 4], ACTIVATIONS[place % 3]
    )


def test_cells_are_the_authors_without_three():
    authors = [numbered(index) for index in range(324) if not 249 <= index <= 251]
    assert list(CELLS) == authors
    assert len({cell.name for cell in CELLS}) == 321
    assert SPACE.size == 321 * 2**25
    assert [decision.kind for decision in SPACE.decisions] == ["cell", *["bit"] * 25]


def test_a_pattern_says_what_feeds_each_stage():
    arch = SPACE.parse(TEXT)
    assert SPACE.cell(arch) == UpsamplingCell("bilinear", "sep_conv", 5, "relu")
    assert SPACE.feeding_scales(arch) == ((0,), (1, 2), (), (3,), (0, 4))
    named = [decision.name for decision, (pick,) in zip(SPACE.decisions[1:], arch[1:], strict=True) if pick]
    assert named == ["to_1.from_0", "to_2.from_1", "to_2.from_2", "to_4.from_3", "to_5.from_0", "to_5.from_4"]
    (diagram,) = SPACE.diagrams(arch)
    across = {(diagram.nodes[link.source].name, diagram.nodes[link.target].name)
              for link in diagram.links if link.target != link.source + 1}  # fmt: skip
    assert across == {
        ("noise", "D1"),
        ("E1", "D2"),
        ("E2", "D2"),
        ("E3", "D4"),
        ("noise", "D5"),
        ("E4", "D5"),
    }


def test_it_is_read_in_every_form():
    space = spaces.load("nas_dip_cells")
    arch = space.sample(np.random.default_rng(0))
    numbers = [pick for (pick,) in arch]
    named = {d.name: d.candidates[pick] for d, pick in zip(space.decisions, numbers, strict=True)}
    assert space.parse(space.format(arch)) == space.parse(numbers) == space.parse(named) == arch
    assert space.format(space.parse(TEXT)) == space.canonical(space.parse(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("form", "error", "sentence"),
    [
        (TEXT[:-1], ConfigError, "is a cell's name and five times five bits"),
        (TEXT.replace("1", "2"), ConfigError, "is a cell's name and five times five bits"),
        ("bilinear", ConfigError, "received 'bilinear'"),
        (TEXT.replace("sep", "step"), UnknownNameError, r"cell of nas_dip_cells .*bilinear\+sep_conv_5x5"),
        ([0] * 25, ConfigError, "makes 26 decisions; received 25"),
        ([321, *[0] * 25], ConfigError, "nas_dip_cells"),
    ],
)
def test_what_is_none_is_refused(form, error, sentence):
    with pytest.raises(error, match=sentence):
        SPACE.parse(form)
