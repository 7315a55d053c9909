"""The committed table is the generator's."""

from __future__ import annotations

from tests.zoo.table import BEGIN, END, PAGE, page


def test_the_page_holds_the_zoo_as_it_is() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == page(text), "write it again: python -m tests.zoo.table --write"
