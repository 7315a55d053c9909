"""Names of a report's tables, of their rows and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.reports.model import Row, Section, Table

DOCUMENT = "tables.tex"
"""Name of the document that reads all tables of LaTeX."""


def named_tables(sections: Sequence[Section]) -> Iterator[tuple[str, Section, Table]]:
    """Every table with its name, made of its section's task, space and label and of its number there.

    The same sections give the same names; they are fit for files, for LaTeX's labels, and for addresses.
    """
    taken: set[str] = set()
    for section in sections:
        for number, table in enumerate(section.tables, 1):
            stem = _free(f"{plain(section.anchor)}-{number}", taken)
            taken.add(stem.lower())
            yield stem, section, table


def row_names(stem: str, rows: Sequence[Row]) -> list[str]:
    """An address for each row: the table's name and the row's first words, numbered where these recur."""
    taken: set[str] = set()
    found = []
    for row in rows:
        name = _free(f"{stem}-{plain(row.cells[0].text)}", taken)
        taken.add(name.lower())
        found.append(name)
    return found


def plain(name: str) -> str:
    """A name that LaTeX reads as a file and as a label, and a browser as an address."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _free(stem: str, taken: Iterable[str]) -> str:
    """``stem``, with a number behind it where another already has that name."""
    known = {*taken, DOCUMENT.removesuffix(".tex")}
    found, number = stem, 1
    while found.lower() in known:
        number += 1
        found = f"{stem}-{number}"
    return found
