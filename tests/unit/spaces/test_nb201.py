"""NAS-Bench-201: the authors' strings, isomorphism, disconnected cells."""

from __future__ import annotations

from harness import spaces

SPACE = spaces.load("nb201")


def parse(*picks: int):
    return tuple((pick,) for pick in picks)


def test_format_is_the_authors_string():
    assert SPACE.format(parse(3, 0, 1, 2, 4, 1)) == (
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|"
    )


def test_skip_and_none_make_isomorphic_cells():
    # Node 1 repeats the input, so the edges of node 2 from the input and from node 1 may swap.
    assert SPACE.canonical(parse(1, 2, 3, 4, 2, 1)) == SPACE.canonical(parse(1, 3, 2, 4, 2, 1))
    assert SPACE.canonical(parse(2, 2, 3, 4, 2, 1)) != SPACE.canonical(parse(2, 3, 2, 4, 2, 1))
    # Whatever follows a node that is zero is zero.
    assert SPACE.canonical(parse(0, 1, 3, 1, 3, 1)) == SPACE.canonical(parse(0, 1, 2, 1, 4, 1))


def test_disconnected_cells():
    assert not SPACE.connected(parse(0, 0, 0, 0, 0, 0))
    assert not SPACE.connected(parse(3, 3, 3, 0, 0, 0))
    assert SPACE.connected(parse(3, 0, 0, 0, 1, 0))
    # Independent count: the input reaches the output unless every one of the four paths is cut.
    paths = ([3], [0, 4], [1, 5], [0, 2, 5])
    expected = sum(any(all(arch[e] != (0,) for e in path) for path in paths) for arch in SPACE.listing())
    assert sum(map(SPACE.connected, SPACE.listing())) == expected


def test_non_identity_operations():
    assert SPACE.non_identity_operations(parse(3, 0, 1, 2, 4, 1)) == 3
