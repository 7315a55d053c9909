"""Genotypes that DARTS-PT and Zero-Cost-PT have published on S1 to S4, to stand beside those found here.

DARTS-PT's are in ``benchmarks_data/darts_pt_genotypes.csv``: 48 of ``sota/cnn/genotypes.py`` in
ruocwang/darts-pt at commit 4ec3149, Apache-2.0; ``blank_pt`` is its supernet with fixed architecture
parameters. Zero-Cost-PT's are in ``zero_cost_pt_genotypes.csv``, where that is there. None has an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import folders

FILES = ("darts_pt_genotypes.csv", "zero_cost_pt_genotypes.csv")
SPACES = ("darts_s1", "darts_s2", "darts_s3", "darts_s4")


@dataclass(frozen=True)
class ReducedGenotype:
    """A genotype's name, who found it on which data set, its parameters (36 channels, 20 cells), its text."""

    name: str
    space: str
    dataset: str
    searcher: str
    params: int
    text: str


@cache
def of_space(space: str, folder: Path = folders.BENCHMARKS_DATA) -> tuple[ReducedGenotype, ...]:
    """Those of ``space``, in the order of the files."""
    return tuple(each for each in _all(folder) if each.space == space)


def _all(folder: Path) -> Iterator[ReducedGenotype]:
    for path in (folder / name for name in FILES):
        if path.exists():
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    columns = (row[name] for name in ("name", "space", "dataset", "searcher"))
                    if row["space"] in SPACES:
                        yield ReducedGenotype(*columns, int(row["params"]), row["genotype"])
