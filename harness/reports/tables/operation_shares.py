"""Of what the genotypes found on DARTS's spaces are made, beside published ones and chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from harness import spaces
from harness.published.genotypes import RANDOM_PARAMS
from harness.published.reduced_genotypes import ReducedGenotype, of_space
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.operation_shares import Shares, by_chance, kinds_of, mean, shares
from harness.reports.model import Cell, Column, Row, Table
from harness.spaces._darts import CELLS, Darts

FAMILY = "darts"


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """A row for every method and seed, for every published method and data set, and for chance."""
    told = [group for group in groups if group.results]
    if not told or groups[0].run.space not in spaces.names():
        return ()
    loaded = spaces.load(groups[0].run.space)
    if loaded.family != FAMILY:
        return ()
    space = cast(Darts, loaded)
    kinds = kinds_of(space)
    rows = [*_found(space, told, groups, kinds), *_published(space, kinds), _chance(space, kinds)]
    title = f"Operations of the genotypes found on {space.name}"
    return (Table(title, _columns(kinds), tuple(rows), _CAPTION),)


_CAPTION = (
    "Shares of the eight operations of a cell: of one genotype in a method's row, which is a seed's; means "
    "over published genotypes, and what is expected of a genotype drawn uniformly. Parameters are those of "
    "the network that is trained, of 36 channels and 20 cells.",
    "Published genotypes were found by their authors at full size on the data set named; those found here at "
    "the fidelity and after the training that their rows and the settings say, so that the rows compare as "
    "far as these do.",
)


def _columns(kinds: Sequence[str]) -> tuple[Column, ...]:
    return (
        Column("Method", "searcher and proxy, or who has published what", numeric=False),
        Column("Seed", "of the run; of what is published, how many genotypes", numeric=False),
        *(
            Column(f"{cell}: {kind}, %", f"share of the {cell} cell's eight operations")
            for cell in CELLS
            for kind in kinds
        ),
        Column("Parameters, M", "of the network that is trained", lower_first=True),
    )


def _found(
    space: Darts, told: Sequence[Group], groups: Sequence[Group], kinds: Sequence[str]
) -> Iterator[Row]:
    for group in told:
        for result in group.results:
            name = wording.method_cell(group, groups)
            params = result.numbers.get("published_size_params")
            arch = space.parse(result.statistics["arch"])
            cells = (name, Cell(str(result.run.seed), float(result.run.seed)))
            yield Row((*cells, *_cells(shares(space, arch), kinds), _millions(params)))


def _published(space: Darts, kinds: Sequence[str]) -> Iterator[Row]:
    def who(each: ReducedGenotype) -> tuple[str, str]:
        return each.searcher, each.dataset

    for (searcher, dataset), members in groupby(sorted(of_space(space.name), key=who), who):
        listed = list(members)
        found = mean(shares(space, space.parse(each.text)) for each in listed)
        params = sum(each.params for each in listed) / len(listed)
        name = Cell(f"published: {searcher}, {dataset}", f"published {searcher} {dataset}")
        yield Row(
            (name, Cell(f"{len(listed)} genotypes"), *_cells(found, kinds), _millions(params)), "reference"
        )


def _chance(space: Darts, kinds: Sequence[str]) -> Row:
    cells = _cells(by_chance(space), kinds)
    params = _millions(RANDOM_PARAMS.get(space.name))
    return Row((Cell("by chance", "by chance"), Cell(wording.NONE), *cells, params), "baseline")


def _cells(found: Shares, kinds: Sequence[str]) -> list[Cell]:
    values = (found[cell, kind] for cell in CELLS for kind in kinds)
    return [Cell(wording.number(100 * value, 0), value) for value in values]


def _millions(params: float | None) -> Cell:
    return Cell(wording.NONE) if params is None else Cell(wording.number(params / 1e6, 2), params)
