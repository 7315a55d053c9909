"""From NAS-Bench-101's cells to the three tables of NAS-Bench-1Shot1.

The spaces have no data file of their own: an architecture's figures are those of its cell, found
by the cell's hash. All cells that any encoding makes are kept once, and each space maps its keys
to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from harness import spaces
from harness.benchmarks._benchmark import keys_of, listing
from harness.benchmarks._files import Column
from harness.benchmarks._label import Label
from harness.benchmarks.importers._imported import Imported, Track
from harness.spaces import Space

SPACES = ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3")
CELLS = "nb101_cells.parquet"
CITATION = (
    "Ying, Klein, Christiansen, Real, Murphy, Hutter: NAS-Bench-101: Towards Reproducible Neural "
    "Architecture Search. ICML 2019. Zela, Siems, Hutter: NAS-Bench-1Shot1: Benchmarking and Dissecting "
    "One-shot Neural Architecture Search. ICLR 2020."
)


@cache
def hashes(space_name: str) -> dict[int, str]:
    """Module hash by key, ascending, of every cell that any encoding of the space makes.

    Parents are enumerated first: encodings with equal normalised parents have the same used
    blocks, so that only those blocks' operations are left to vary.
    """
    space = spaces.load(space_name)
    inputs = [decision.options for decision in space.decisions if decision.kind == "input"]
    operations = [decision.options for decision in space.decisions if decision.kind == "operation"]
    first = tuple(options[0] for options in operations)
    found: dict[int, str] = {}
    for parents in {space.normalise(first + chosen)[len(first) :] for chosen in product(*inputs)}:
        active = space.active(first + parents)
        options = [option if used else option[:1] for option, used in zip(operations, active, strict=False)]
        for picks in product(*options):
            arch = picks + parents
            found[space.key(arch)] = space.canonical(arch)
    return dict(sorted(found.items()))


def wanted(track: Track) -> set[str]:
    """Module hashes of all cells of the three spaces."""
    return {
        cell for name in track(SPACES, "cells of the spaces", len(SPACES)) for cell in hashes(name).values()
    }


def tables(
    figures: Mapping[str, Mapping[str, float]], labels: tuple[Label, ...], **origin: Any
) -> tuple[Imported, ...]:
    """The three tables over ``figures`` (column, then module hash), which may lack cells."""
    first = next(iter(figures.values()))
    order: dict[str, int] = {}
    for name in SPACES:
        for cell in hashes(name).values():
            if cell in first:
                order.setdefault(cell, len(order))
    cells: dict[str, Column] = {
        "module_hash": [bytes.fromhex(cell) for cell in order],
        **{name: np.array([values[cell] for cell in order]) for name, values in figures.items()},
    }
    return tuple(
        Imported(
            space=name,
            labels=labels,
            files={f"{name}.parquet": _mapping(spaces.load(name), order), CELLS: cells},
            citation=CITATION,
            **origin,
        )
        for name in SPACES
        if any(cell in first for cell in hashes(name).values())
    )


def _mapping(space: Space, order: Mapping[str, int]) -> dict[str, Column]:
    known = {key: order[cell] for key, cell in hashes(space.name).items() if cell in order}
    keys = np.fromiter(known, np.int64, len(known))
    return {
        "code": keys,
        "row": np.fromiter(known.values(), np.int32, len(known)),
        "listed": np.isin(keys, keys_of(space, listing(space) or ())),
    }
