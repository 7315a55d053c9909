"""The MnasNet space: its size, forms, neighbours, and what is none of its architectures."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError

SPACE = spaces.load("mnasnet")
B0 = "e1666666_k3353553_l1223341_s1111111"


def test_size_and_decisions():
    assert SPACE.size == 104_485_552_128 == 3**7 * 2**7 * 3**6 * 4 * 2**7
    assert SPACE.listing() is None
    kinds = [decision.kind for decision in SPACE.decisions]
    assert kinds == ["expansion", "kernel", "depth", "squeeze_excitation"] * 7
    deepest = [decision.name for decision in SPACE.decisions if "4" in decision.candidates[3:]]
    assert deepest == ["layers_5"]


@pytest.mark.parametrize(
    "form",
    [
        B0,
        {"expansion": "1666666", "kernel": "3353553", "layers": "1223341", "se": "1111111"},
        {
            "expansion": (1, 6, 6, 6, 6, 6, 6),
            "kernel": [3, 3, 5, 3, 5, 5, 3],
            "layers": [1, 2, 2, 3, 3, 4, 1],
            "se": [True] * 7,
        },
        SPACE.parse(B0),
        {
            decision.name: decision.candidates[pick]
            for decision, (pick,) in zip(SPACE.decisions, SPACE.parse(B0), strict=True)
        },
    ],
)
def test_forms(form):
    arch = SPACE.parse(form)
    assert SPACE.format(arch) == B0 == SPACE.canonical(arch)
    assert [block.layers for block in SPACE.blocks(arch)] == [1, 2, 2, 3, 3, 4, 1]
    assert SPACE.non_identity_operations(arch) == 16
    (diagram,) = SPACE.diagrams(arch)
    assert diagram.words.startswith("block 0: 1 x MB1 3x3 SE; block 1: 2 x MB6 3x3 SE; ")


@pytest.mark.parametrize(
    "text",
    [
        "e1666666_k3353553_l1223341",
        "e1666666_k3353553_l1223341_s111111",
        "e2666666_k3353553_l1223341_s1111111",
        "e1666666_k7353553_l1223341_s1111111",
        "e1666666_k3353553_l4223341_s1111111",
        "e1666666_k3353553_l1223341_s1111112",
        f"{B0} ",
        "１666666",
    ],
)
def test_strings_outside_the_space(text):
    with pytest.raises(
        ConfigError, match="written like e1666666_k3353553_l1223341_s1111111.*; received"
    ) as told:
        SPACE.parse(text)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "form",
    [
        {"expansion": 1666666, "kernel": "3353553", "layers": "1223341", "se": "1111111"},
        {"expansion": "1666666", "kernel": "3353553", "layers": "1223344", "se": "1111111"},
        {"expansion": "1666666", "kernel": "3353553"},
        [1, 2, 3],
    ],
)
def test_other_things_that_are_no_architecture(form):
    with pytest.raises(ConfigError, match="An architecture of mnasnet is its string, .*; received"):
        SPACE.parse(form)


def test_keys_neighbours_and_draws():
    rng = np.random.default_rng(0)
    for _ in range(5):
        arch = SPACE.sample(rng)
        assert SPACE.of_key(SPACE.key(arch)) == arch
        neighbours = SPACE.neighbours(arch)
        assert len(set(neighbours)) == 7 * (2 + 1 + 2 + 1) + 1
        assert all(sum(a != b for a, b in zip(arch, other, strict=True)) == 1 for other in neighbours)
        assert SPACE.mutated(arch, rng) in neighbours
    assert SPACE.sample(np.random.default_rng(1)) == SPACE.sample(np.random.default_rng(1))
