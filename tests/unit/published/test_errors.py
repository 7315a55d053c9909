from __future__ import annotations

from pathlib import Path

from harness import spaces
from harness.published.errors import errors

PAGE = Path(__file__).parents[3] / "docs" / "darts.md"


def test_every_error_has_a_source_and_a_known_space():
    assert len(errors()) == 88
    assert {each.space for each in errors()} == {"darts", *(f"darts_s{number}" for number in range(1, 5))}
    for each in errors():
        assert each.space in spaces.names()
        assert 0 < each.error < 100
        assert each.source


def test_the_page_lists_them():
    page = PAGE.read_text(encoding="utf-8")
    for each in errors():
        assert each.method in page
        assert f"{each.error:.2f}".rstrip("0").rstrip(".") in page
