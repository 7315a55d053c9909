"""Print the zoo's table as Markdown: ``python -m tests.zoo.table``, or ``--write`` to put it in the docs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.zoo._formulas import NAMES
from tests.zoo._outcomes import OUTCOMES, outcome
from tests.zoo._zoo import CASES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "robustness.md"
BEGIN, END = "<!-- zoo: begin, written by python -m tests.zoo.table --write -->", "<!-- zoo: end -->"


def table() -> str:
    """All networks by kind; then those without some value, and the sentences."""
    return "\n".join([*_networks(), "", *_exceptions(), "", *_sentences()])


def page(text: str) -> str:
    """``text`` with the table between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _networks() -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for case in CASES.values():
        kinds.setdefault(case.kind, []).append(case.name)
    yield f"| {len(CASES)} networks | |"
    yield "| --- | --- |"
    for kind, names in kinds.items():
        yield f"| {kind} | {'; '.join(names)} |"


SENTENCES = tuple(dict.fromkeys((each.status, each.says) for each in OUTCOMES))


def _mark(network: str, proxy: str) -> str:
    found = outcome(network, proxy)
    return "ok" if found is None else str(1 + SENTENCES.index((found.status, found.says)))


def _exceptions() -> Iterator[str]:
    """Networks in one row and proxies in one column where they have the same marks."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for network in CASES:
        marks = tuple(_mark(network, proxy) for proxy in NAMES)
        if set(marks) != {"ok"}:
            rows.setdefault(marks, []).append(network)
    columns: dict[tuple[str, ...], list[str]] = {}
    for proxy, column in zip(NAMES, zip(*rows, strict=True), strict=True):
        columns.setdefault(column, []).append(f"`{proxy}`")
    heads = [", ".join(group) for group in columns.values()]
    yield f"| {sum(map(len, rows.values()))} networks without some value | {' | '.join(heads)} |"
    yield "| --- |" + " --- |" * len(columns)
    for networks, marks in zip(rows.values(), zip(*columns, strict=True), strict=True):
        yield f"| {'; '.join(networks)} | {' | '.join(marks)} |"


def _sentences() -> Iterator[str]:
    for number, (status, says) in enumerate(SENTENCES, 1):
        yield f"{number}. `{status}`: {says}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(PAGE.read_text()))
    else:
        print(table())
