"""The committed table is the generator's, and every known fault has its test."""

from __future__ import annotations

import re

from tests.zoo.table import BEGIN, END, PAGE, page


def test_the_page_holds_the_zoo_as_it_is() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == page(text), "write it again: python -m tests.zoo.table --write"


def test_every_known_fault_names_a_test_that_exists() -> None:
    _, _, section = PAGE.read_text().partition("## Known faults and the tests that guard them")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    for row in rows:
        named = re.findall(r"`(tests/[^`]+)`", row.rstrip("| ").rpartition(" | ")[2])
        assert named, row
        assert all((PAGE.parents[1] / each).is_file() for each in named), row
