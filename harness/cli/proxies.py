"""``harness proxies``: every zero-cost proxy, what it computes, needs and is undefined for.

With names, all that is known of these. ``--markdown`` writes the page of the documentation:
``harness proxies --markdown > docs/proxies.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.cli._progress import console_for
from harness.cli._sentence import Parser, guarded

if TYPE_CHECKING:
    from harness.reports.tables.cards import Card

COLUMNS = (
    ("Proxy", "name", 0),
    ("Formula", "formula", 0),
    ("Needs", "needs", 0),
    ("Better", "better", 0),
    ("Undefined for", "undefined", 110),
    ("Source", "source", 130),
)
"""Title, field of a card, and from how many columns of the terminal on it is shown."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, the cards or the page; 2 and one sentence for a name that no proxy carries."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness.cli import _cards, _cards_markdown  # they load torch

    chosen = _cards.cards(options.names)
    if options.markdown:
        if isinstance(sys.stdout, TextIOWrapper):  # a file in a terminal's coding would lack characters
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(_cards_markdown.page(chosen, _cards.figures(), _cards.published()))
        return 0
    console = console_for(sys.stdout)
    if options.names:
        _print_cards(chosen, console)
    else:
        _print_table(chosen, console)
    return 0


def _print_table(cards: Sequence[Card], console: Console) -> None:
    shown = [column for column in COLUMNS if column[2] <= console.width]
    for title, population in (("Of one network", False), ("Of a population of networks", True)):
        table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for heading, field, _ in shown:
            table.add_column(heading, no_wrap=field in ("name", "better"))
        for card in cards:
            if card.population == population:
                table.add_row(*(Text(getattr(card, field)) for _, field, _ in shown))
        console.print(table)
        console.print()
    hidden = [title.lower() for title, _, _ in COLUMNS[len(shown) :]]
    left_out = f" Not shown for want of width: {', '.join(hidden)}." if hidden else ""
    console.print(Text(f"All about one: harness proxies NAME.{left_out}", style="dim"))


def _print_cards(cards: Sequence[Card], console: Console) -> None:
    for card in cards:
        console.print(Text(card.name, style="bold"))
        console.print(Text(card.title))
        grid = Table.grid(padding=(0, 2))
        for heading, text in _lines(card):
            grid.add_row(Text(f"  {heading}"), Text(text))
        console.print(grid)


def _lines(card: Card) -> Iterator[tuple[str, str]]:
    yield "formula", card.formula
    yield "ranks" if card.population else "needs", card.needs
    yield "better", card.better
    yield "undefined for", card.undefined
    if card.choices:
        yield "choices", card.choices
    yield "source", card.source


def _parser() -> Parser:
    parser = Parser(prog="harness proxies", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a proxy; all where none is named")
    parser.add_argument("--markdown", action="store_true", help="as a page of Markdown")
    return parser


if __name__ == "__main__":
    sys.exit(main())
