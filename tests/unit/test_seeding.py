"""Draws by name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.seeding import derive, generator


def test_derive_is_pinned():
    # A change here changes every number the harness has ever written.
    assert derive(0, "weights", "a") == 7956435617853920096


@given(st.integers(0, 2**31), st.text(), st.text())
def test_names_do_not_run_together(seed, left, right):
    assert derive(seed, left, right) != derive(seed, left + right)
    assert 0 <= derive(seed, left, right) < 2**63


def test_generators_depend_on_seed_and_name_only():
    first = generator(1, "order", 2).random(3)
    generator(1, "other").random(100)
    assert (generator(1, "order", 2).random(3) == first).all()
    assert (generator(2, "order", 2).random(3) != first).all()
