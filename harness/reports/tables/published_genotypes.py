"""Genotypes that Zero-Cost-PT found here beside those that its authors published, setting by setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from harness import spaces
from harness.published.genotypes import (
    INPUTS,
    OPERATIONS,
    SOURCE,
    Overlap,
    PublishedGenotype,
    Setting,
    among_themselves,
    by_setting,
    chance,
    mean_overlap,
    random_params,
)
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table
from harness.spaces import Architecture, Space

Published = Mapping[Setting, Sequence[PublishedGenotype]]

SEARCHERS = ("zero_cost_pt", "zero_cost_disc")
"""Those whose genotypes are compared: what they search with are a proxy, N, V and an order."""

COLUMNS = (
    Column("Searcher here", "searcher and proxy; its N, V and order", numeric=False),
    Column("Published", "how Zero-Cost-PT's authors found theirs", numeric=False),
    Column("Genotypes", "how many of that setting are published, and how many differ"),
    Column(f"Operations in common, of {OPERATIONS}", "mean over pairs of one found here and one published"),
    Column(f"Inputs in common, of {INPUTS}", "of the nodes 3 to 5; node 2 has no choice"),
    Column("Operations, published among themselves", "mean over all pairs of published ones", extra=True),
    Column("Inputs, published among themselves", "mean over all pairs of published ones", extra=True),
    Column("Parameters here, M", "mean, as the network of 36 channels and 20 cells"),
    Column("Parameters published, M", "mean, of the same network"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table; none where nothing is published of the space, or no such search succeeded."""
    name = groups[0].run.space
    published = by_setting(name)
    found = [group for group in groups if group.results and _searcher(group) in SEARCHERS]
    if not published or not found:
        return ()
    space = spaces.load(name)
    rows = [row for group in found for row in _rows(group, groups, space, published)]
    title = f"Genotypes found on {name} beside those that Zero-Cost-PT's authors published"
    return (Table(title, COLUMNS, (*rows, _chance(space)), _caption(published)),)


def _rows(group: Group, groups: Sequence[Group], space: Any, published: Published) -> Iterator[Row]:
    """A row for every published setting, the group's own in front; the first says what the group is."""
    ordered = sorted(published.items(), key=lambda item: not _same(group, item[0]))
    for number, (setting, members) in enumerate(ordered):
        named = Cell(group.method, group.method) if number else wording.method_cell(group, groups)
        yield _row(group, named, space, setting, members)


def _row(
    group: Group, named: Cell, space: Any, setting: Setting, members: Sequence[PublishedGenotype]
) -> Row:
    theirs = [space.parse(member.text) for member in members]
    ours = _archs(group, space)
    params = [value / 1e6 for value in group.values("published_size_params") if value is not None]
    cells = (
        named,
        Cell(_words(setting), _words(setting), "the same N, V and order" if _same(group, setting) else ""),
        Cell(f"{len(members)}, {len(set(theirs))} distinct", len(members)),
        *_overlap(mean_overlap(space, ours, theirs)),
        *_overlap(among_themselves(space, theirs)),
        _number(fmean(params) if params else None),
        _number(fmean(member.params / 1e6 for member in members)),
    )
    return Row(cells)


def _chance(space: Any) -> Row:
    cells = [Cell("")] * len(COLUMNS)
    cells[0] = Cell("chance", "chance", "two genotypes drawn at random")
    cells[3:5] = _overlap(chance(space))
    cells[7] = _number(random_params(space.name) / 1e6)
    return Row(tuple(cells), "reference")


def _archs(group: Group, space: Space) -> list[Architecture]:
    return [space.parse(result.statistics["arch"]) for result in group.results]


def _searcher(group: Group) -> str:
    return str(group.run.settings.get("searcher"))


def _same(group: Group, setting: Setting) -> bool:
    """Whether the group's search had the N, V and order of a published one, for the same data set."""
    label = lookup.label_of(group)
    if label is None or label.dataset != setting.dataset:
        return False
    order = {"global": "global_op_iter"}.get(setting.order, setting.order)
    ours = [group.run.settings.get(name) for name in ("proposals", "validation_batches", "order")]
    return ours == [setting.proposals, setting.validation_batches, order]


def _words(setting: Setting) -> str:
    """How the genotypes of a setting were found, on which data."""
    if setting.searcher != "zero_cost_pt":
        return f"{setting.searcher}, a baseline, {setting.dataset}"
    told = [("N", setting.proposals), ("V", setting.validation_batches)]
    known = [f"{letter} = {value}" for letter, value in told if value is not None]
    return ", ".join([*known, f"{setting.order} order", setting.dataset])


def _overlap(found: Overlap | None) -> tuple[Cell, Cell]:
    if found is None:
        return _number(None), _number(None)
    return _number(found.operations), _number(found.inputs)


def _number(value: float | None) -> Cell:
    return Cell(wording.number(value, 2), value)


def _caption(published: Published) -> tuple[str, ...]:
    count = sum(map(len, published.values()))
    return (
        f"{count} published genotypes of this space, {SOURCE}; no error is published with them. Nodes are "
        "compared by their numbers.",
        "Chance is what two genotypes have in common that are drawn uniformly, each by itself. Weights, "
        "images and batches here are other draws than the authors', so that the same genotypes are not to be "
        "expected; how far the authors' own seeds agree says how much is.",
    )
