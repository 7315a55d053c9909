"""Isomorphism classes as numbers are those of the canonical strings."""

from __future__ import annotations

import numpy as np
import pytest

from harness import spaces
from harness.spaces._nb101 import Cell, _mixed, class_numbers

LISTED = [name for name in spaces.names() if spaces.load(name).listing() is not None]
SLOW = pytest.param("nb1shot1_3", marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [*(name for name in LISTED if name != "nb1shot1_3"), SLOW])
def test_equal_where_canonical_strings_are(name):
    space = spaces.load(name)
    strings, classes = (
        [space.canonical(arch) for arch in space.listing()],
        space.class_numbers(space.listing()),
    )
    pairs = set(zip(strings, classes.tolist(), strict=True))
    assert len(pairs) == len(set(strings)) == len(set(classes.tolist())) == classes.max() + 1
    assert classes.dtype == np.int64
    assert len(classes) == len(strings)


def test_cells_of_every_size_beside_each_other():
    conv, pool = "conv3x3-bn-relu", "maxpool3x3"
    cells = [
        Cell(((), (0,), (0,), (1, 2)), (conv, pool)),
        Cell(((), (0,), (0,), (1, 2)), (pool, conv)),  # the first one, numbered the other way
        Cell(((), (0,), (1,), (2,)), (conv, pool)),
        Cell(((), (0,), (1,), (2,)), (pool, conv)),  # a chain has an order
        Cell(((), (0,)), ()),
        Cell(((), (0,), (0, 1)), (conv,)),
        Cell(((), (0,), (1,)), (conv,)),
    ]
    for order in ("ccpccqcc", "ccqccpcc"):  # chains with the same neighbourhoods, in another order
        names = [{"c": conv, "p": pool, "q": "conv1x1-bn-relu"}[letter] for letter in order]
        cells.append(Cell(((), *((vertex,) for vertex in range(9))), tuple(names)))
    hashes = [cell.hash() for cell in cells]
    numbers = class_numbers(cells).tolist()
    for i, one in enumerate(hashes):
        for j, other in enumerate(hashes):
            assert (numbers[i] == numbers[j]) == (one == other)
    assert len(set(hashes)) == 8


def test_the_mixer_is_splitmix64():
    """First output of the reference generator from state 0."""
    assert int(_mixed(np.zeros(1, dtype=np.uint64))[0]) == 0xE220A8397B1DCDAF
