"""Print the zoo's table as Markdown: ``python -m tests.zoo.table``, or ``--write`` to put it in the docs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from harness import proxies
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


def _mark(network: str, proxy: str) -> str:
    found = outcome(network, proxy)
    return "" if found is None else str(1 + OUTCOMES.index(found))


def _columns(networks: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Proxies by their column: those that are alike on every network share one."""
    columns: dict[tuple[str, ...], list[str]] = {}
    for proxy in proxies.names():
        columns.setdefault(tuple(_mark(network, proxy) for network in networks), []).append(proxy)
    return columns


def _exceptions() -> Iterator[str]:
    names = proxies.names()
    networks = [network for network in CASES if any(_mark(network, proxy) for proxy in names)]
    columns = _columns(networks)
    heads = [", ".join(f"`{proxy}`" for proxy in group) for group in columns.values()]
    yield f"| {len(networks)} networks | {' | '.join(heads)} |"
    yield "| --- |" + " --- |" * len(columns)
    for row, network in enumerate(networks):
        yield f"| {network} | {' | '.join(column[row] or 'ok' for column in columns)} |"


def _sentences() -> Iterator[str]:
    for number, each in enumerate(OUTCOMES, 1):
        yield f"{number}. `{each.status}`: {each.says}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(PAGE.read_text()))
    else:
        print(table())
