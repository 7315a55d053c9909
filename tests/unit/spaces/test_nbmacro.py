"""NAS-Bench-Macro: digits, and identities that may stand anywhere behind a stage's first block."""

from __future__ import annotations

from harness import spaces

SPACE = spaces.load("nbmacro")


def test_digits():
    arch = SPACE.parse("02012100")
    assert SPACE.format(arch) == "02012100"
    assert SPACE.operations(arch)[:3] == ("identity", "mb6_k5", "identity")
    assert SPACE.non_identity_operations(arch) == 4


def test_identities_move_within_a_stage_only():
    assert SPACE.canonical(SPACE.parse("11102102")) == SPACE.canonical(SPACE.parse("11120120"))
    assert SPACE.canonical(SPACE.parse("01100000")) != SPACE.canonical(SPACE.parse("10100000"))
    assert SPACE.canonical(SPACE.parse("11112000")) != SPACE.canonical(SPACE.parse("11121000"))
