"""The proxies' cards in the report: those of the modules, without loading torch."""

from __future__ import annotations

import subprocess
import sys

from harness import aggregations, proxies
from harness.cli import _cards
from harness.reports.tables import cards

EVERY = (*proxies.names(), *aggregations.names())


def test_every_card_that_is_read_is_that_of_the_loaded_module():
    assert {name: cards.card(name) for name in EVERY} == {card.name: card for card in _cards.cards()}


def test_they_are_read_without_torch():
    asked = (
        "import sys; from harness.reports.tables import cards; "
        "print(cards.table(%r).title, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked % (EVERY,)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "What each score is False\n"


def test_a_table_lists_what_is_asked_for_once_and_names_proxies_of_others():
    table = cards.table(["snip", "theirs", "te_nas", "snip"])
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        [card.name, card.formula, card.needs, card.better, card.undefined, card.source]
        for card in map(cards.card, ("snip", "te_nas"))
    ]
    assert len(table.columns) == len(table.rows[0].cells)
    assert table.caption == (
        "r is a network's rank among those of its population, 1 the worst.",
        "Of other packages, which describe them: theirs.",
    )
    assert cards.table(["snip"]).caption == ()
    assert cards.table(["theirs"]) is None
