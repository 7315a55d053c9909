"""Genotypes that DARTS-PT and Zero-Cost-PT have published on S1 to S4, to stand beside those found here.

DARTS-PT's are in ``benchmarks_data/darts_pt_genotypes.csv``: 48 of ``sota/cnn/genotypes.py`` in
ruocwang/darts-pt at commit 4ec3149, Apache-2.0; ``blank_pt`` is its supernet with fixed architecture
parameters. Zero-Cost-PT's are those of :mod:`harness.published.genotypes`. None has an error.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import folders
from harness.published import genotypes

FILE = folders.BENCHMARKS_DATA / "darts_pt_genotypes.csv"
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
def darts_pt(file: Path = FILE) -> tuple[ReducedGenotype, ...]:
    """DARTS-PT's, in the order of ``file``."""
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(
            ReducedGenotype(
                row["name"],
                row["space"],
                row["dataset"],
                row["searcher"],
                int(row["params"]),
                row["genotype"],
            )
            for row in csv.DictReader(stream)
        )


def of_space(space: str) -> tuple[ReducedGenotype, ...]:
    """Those of ``space``, which is one of S1 to S4; none of another."""
    if space not in SPACES:
        return ()
    theirs = (each for each in genotypes.genotypes() if each.setting.space == space)
    return (
        *(each for each in darts_pt() if each.space == space),
        *(
            ReducedGenotype(
                each.name, space, each.setting.dataset, each.setting.searcher, each.params, each.text
            )
            for each in theirs
        ),
    )
