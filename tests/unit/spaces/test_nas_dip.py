"""NAS-DIP's genomes: their length, what their bits say, and what they are refused for."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError
from harness.spaces._nas_dip import Stage

NAMES = ("nas_dip_2", "nas_dip_3", "nas_dip_5", "nas_dip_3_t")
SPACE = spaces.load("nas_dip_2")
TEXT = "1010011|0111000|10010000|0000111|1100101|00001111"


@pytest.mark.parametrize(
    ("name", "units", "more"),
    [("nas_dip_2", 2, 0), ("nas_dip_3", 3, 0), ("nas_dip_5", 5, 0), ("nas_dip_3_t", 3, 4)],
)
def test_a_genome_has_n_times_14_plus_4n_bits(name, units, more):
    space = spaces.load(name)
    assert len(space.decisions) == units * (14 + 4 * units) + more
    assert space.size == 2 ** len(space.decisions)
    assert {decision.candidates for decision in space.decisions} == {("0", "1")}
    assert space.listing() is None


def test_bits_say_stages_and_skips():
    genome = SPACE.read(SPACE.parse(TEXT))
    assert genome.encoders == (Stage(True, 2, 3), Stage(False, 0, 7))
    assert genome.decoders == (Stage(False, 7, 0), Stage(True, 4, 5))
    assert genome.skips == {(0, 0): 1, (1, 1): 7}
    assert genome.length == 1.0


@pytest.mark.parametrize(("bits", "share"), [("0000", 1 / 16), ("0111", 0.5), ("1111", 1.0)])
def test_the_last_bits_say_how_long_a_training_is(bits, share):
    space = spaces.load("nas_dip_3_t")
    arch = space.parse("0" * 78 + bits)
    assert space.training_share(arch) == space.read(arch).length == share


def test_channels_of_a_closed_skip_have_no_effect():
    closed, zeros = SPACE.parse(TEXT.replace("10010000", "10010101")), SPACE.parse(TEXT)
    assert closed != zeros
    assert SPACE.normalise(closed) == zeros == SPACE.normalise(zeros)
    assert SPACE.canonical(closed) == SPACE.canonical(zeros) == TEXT
    assert SPACE.active(zeros).count(False) == 2 * 3
    opened = SPACE.parse(TEXT.replace("10010000", "10011000"))
    assert SPACE.canonical(opened) != TEXT
    assert SPACE.active(opened).count(False) == 3


def test_crossover_points_stand_behind_stages_and_skips():
    assert SPACE.crossover_points == (7, 14, 22, 29, 36)
    assert [SPACE.decisions[point].name for point in SPACE.crossover_points] == [
        "decoder_1.residual", "skips_1.to_1.open", "encoder_2.residual", "decoder_2.residual",
        "skips_2.to_1.open",
    ]  # fmt: skip
    assert spaces.load("nb201").crossover_points == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_genome_is_read_in_every_form(name):
    space = spaces.load(name)
    arch = space.sample(np.random.default_rng(0))
    text = space.format(arch)
    assert space.parse(text) == space.parse(text.replace("|", "")) == arch
    assert space.parse([pick for (pick,) in arch]) == space.parse(arch) == arch
    assert space.parse({d.name: str(pick) for d, (pick,) in zip(space.decisions, arch, strict=True)}) == arch


REFUSED = [
    (TEXT[:-1], "is 44 bits of 0 and 1, N \\(14 \\+ 4 N\\) with N = 2; received 43 characters"),
    (TEXT.replace("1", "2"), "is 44 bits of 0 and 1"),
    ("|" + TEXT.replace("|", ""), "has its bars behind every stage"),
    ("", "received 0 characters"),
    ([0, 1] * 20, "makes 44 decisions; received 40"),
    ([0, 2] * 22, "An architecture of nas_dip_2 is a genome of 44 bits"),
]


@pytest.mark.parametrize(("form", "sentence"), REFUSED)
def test_what_is_no_genome_is_answered_in_a_sentence(form, sentence):
    with pytest.raises(ConfigError, match=sentence):
        SPACE.parse(form)


def test_the_diagram_has_stages_and_open_skips():
    (diagram,) = SPACE.diagrams(SPACE.parse(TEXT))
    assert [node.name for node in diagram.nodes] == ["noise", "E1", "E2", "D2", "D1", "image"]
    skips = [(link.source, link.target, link.operation) for link in diagram.links if link.operation]
    assert skips == [(1, 4, "width 2/8"), (2, 3, "width 8/8")]
    assert diagram.nodes[1].operation == "kernel 3/8, width 4/8, residual"
