"""TransNAS-Bench-101's spaces: strings, equal cells, what is no architecture."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.errors import ConfigError

MICRO, MACRO = spaces.load("transnas_micro"), spaces.load("transnas_macro")


@pytest.mark.parametrize(
    "form", ["64-41414-3_31_132", "3_31_132", (3, 3, 1, 1, 3, 2), [[3], [3], [1], [1], [3], [2]]]
)
def test_forms_of_a_cell(form):
    arch = MICRO.parse(form)
    assert MICRO.format(arch) == "64-41414-3_31_132"
    assert MICRO.operations(arch)[:3] == ("nor_conv_3x3", "nor_conv_3x3", "skip_connect")


@pytest.mark.parametrize(
    "text", ["64-41414-3_31_134", "64-4141-3_31_132", "33_11_32", "64-41414-basic", "3_31_132 ", "３_31_132"]
)
def test_what_is_no_cell(text):
    with pytest.raises(ConfigError, match="written like 64-41414-3_31_132, .*; received"):
        MICRO.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("3_10_030", "3_22_030", True),  # node 2 is read by nobody
        ("0_02_130", "0_02_100", False),  # a convolution of nothing adds its normalisation's bias
        ("0_00_331", "0_33_001", True),
        ("3_00_010", "0_00_300", True),
        ("1_00_030", "0_00_300", False),  # a skip from the input is a reduction where the cell reduces
        ("2_01_001", "2_00_010", True),
        ("0_00_003", "0_00_030", True),
    ],
)
def test_equal_cells(one, other, equal):
    found = {MICRO.canonical(MICRO.parse(text)) for text in (one, other)}
    assert (len(found) == 1) == equal


def test_connected_cells():
    assert MICRO.connected(MICRO.parse("3_01_003"))
    assert not MICRO.connected(MICRO.parse("3_00_003"))
    assert sum(map(MICRO.connected, MICRO.listing())) == sum(
        bool(a[3][0] or (a[0][0] and a[4][0]) or (a[5][0] and (a[1][0] or (a[0][0] and a[2][0]))))
        for a in MICRO.listing()
    )


@pytest.mark.parametrize("form", ["64-22314-basic", "22314", (2, 2, 3, 1, 4), [[1], [1], [2], [0], [4], [0]]])
def test_forms_of_a_skeleton(form):
    arch = MACRO.parse(form)
    assert MACRO.format(arch) == "64-22314-basic"
    assert MACRO.modules(arch) == ("widen", "widen", "reduce", "plain", "both")
    assert MACRO.non_identity_operations(arch) == 5


@pytest.mark.parametrize(
    "text", ["64-223-basic", "64-2231444-basic", "64-2235-basic", "32-2234-basic", "2234-"]
)
def test_what_is_no_skeleton(text):
    with pytest.raises(ConfigError, match=r"written like 64-224131-basic, .*; received"):
        MACRO.parse(text)


@pytest.mark.parametrize(
    ("text", "reducing", "widening"), [("1111", 0, 0), ("2222", 0, 4), ("333334", 6, 1), ("3333", 4, 0)]
)
def test_skeletons_outside_the_space(text, reducing, widening):
    with pytest.raises(ConfigError, match=f"received {reducing} and {widening}: 64-{text}-basic"):
        MACRO.parse(text)
    picks = [int(digit) - (place < 4) for place, digit in enumerate(text)]
    with pytest.raises(ConfigError, match=f"received {reducing} and {widening}"):
        MACRO.validate(tuple((pick,) for pick in [*picks, 0, 0][:6]))


def test_an_empty_place_is_the_last_one():
    assert MACRO.normalise(((1,), (1,), (2,), (0,), (0,), (4,))) == MACRO.parse("22314")
    rng = np.random.default_rng(0)
    listed = set(MACRO.listing())
    for arch in (MACRO.sample(rng) for _ in range(30)):
        assert {arch, MACRO.mutated(arch, rng), *MACRO.neighbours(arch)} <= listed
