"""Genotypes that Zero-Cost-PT's authors published: ``benchmarks_data/zero_cost_pt_genotypes.csv``.

From ``sota/cnn/genotypes.py`` of zerocostptnas/zerocost_operation_score at commit 48f48c9, MIT: 76 names, 64
genotypes, without an error of any. What a name does not say is left out, such as N and V on S1 to S4.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from pathlib import Path
from statistics import fmean

from harness import folders
from harness.spaces import Architecture
from harness.spaces._darts import CELLS, EDGES, INPUT_NODES, NODES, Darts

FILE = folders.BENCHMARKS_DATA / "zero_cost_pt_genotypes.csv"
SOURCE = "zerocostptnas/zerocost_operation_score@48f48c9, sota/cnn/genotypes.py"

OPERATIONS = 2 * len(CELLS) * len(NODES)
"""Operations of a genotype: two for each of four nodes in two cells."""
INPUTS = 2 * len(CELLS) * len(INPUT_NODES)
"""Inputs of a genotype that are chosen: node 2 has no choice."""

RANDOM_PARAMS = {
    "darts_s1": 2_369_555,
    "darts_s2": 3_103_563,
    "darts_s3": 3_103_563,
    "darts_s4": 3_035_926,
    "darts_s5": 2_912_074,
}
"""Parameters of a genotype that is drawn uniformly, on average, at the size of those that are published."""


@dataclass(frozen=True)
class Setting:
    """How genotypes were found.

    ``searcher`` is ``zero_cost_pt``, or the baselines ``random_max`` and ``sample_2500`` and the like;
    ``proposals`` and ``validation_batches`` are N and V, ``order`` is ``random`` or ``global``. ``None`` or
    empty where the name does not say.
    """

    space: str
    dataset: str
    searcher: str
    order: str
    proposals: int | None
    validation_batches: int | None


@dataclass(frozen=True)
class PublishedGenotype:
    """A genotype's name, how it was found, its parameters (36 channels, 20 cells, 10 classes), its text."""

    name: str
    setting: Setting
    seed: int
    params: int
    text: str


@cache
def genotypes(file: Path = FILE) -> tuple[PublishedGenotype, ...]:
    """All of them, in the order of ``file``."""
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(map(_genotype, csv.DictReader(stream)))


def by_setting(space: str, file: Path = FILE) -> dict[Setting, tuple[PublishedGenotype, ...]]:
    """Those of ``space``; S5 is the space of DARTS without an operation that no genotype keeps."""
    named = _named(space)
    found: dict[Setting, tuple[PublishedGenotype, ...]] = {}
    for each in genotypes(file):
        if each.setting.space == named:
            found[each.setting] = (*found.get(each.setting, ()), each)
    return found


def random_params(space: str) -> int:
    """Parameters of a uniformly drawn genotype of ``space``, on average (36 channels, 20 cells)."""
    return RANDOM_PARAMS[_named(space)]


def _named(space: str) -> str:
    return "darts_s5" if space == "darts" else space


@dataclass(frozen=True)
class Overlap:
    """What genotypes have in common, on average over pairs of them.

    ``inputs`` counts the chosen inputs, by cell, node and predecessor, of :data:`INPUTS`; ``operations`` the
    inputs that carry the same operation too, of :data:`OPERATIONS`, those of node 2 among them. Nodes are
    compared by their numbers; which others would be the same network in another order does not count.
    """

    operations: float
    inputs: float


def overlap(space: Darts, first: Architecture, second: Architecture) -> Overlap:
    """What two genotypes have in common."""
    ours, theirs = (_edges(space, arch) for arch in (first, second))
    chosen = [edge for edge in ours if edge in theirs and edge[1] in INPUT_NODES]
    return Overlap(sum(theirs.get(edge) == operation for edge, operation in ours.items()), len(chosen))


def mean_overlap(
    space: Darts, first: Sequence[Architecture], second: Sequence[Architecture]
) -> Overlap | None:
    """Over all pairs of one of the ``first`` and one of the ``second``; ``None`` where there is none."""
    return _mean([overlap(space, *pair) for pair in product(first, second)])


def among_themselves(space: Darts, archs: Sequence[Architecture]) -> Overlap | None:
    """Over all pairs of ``archs``; ``None`` where there is none."""
    return _mean([overlap(space, *pair) for pair in combinations(archs, 2)])


def chance(space: Darts) -> Overlap:
    """What two genotypes have in common on average that are drawn uniformly, each by itself.

    A node with k predecessors takes one of them with probability 2 / k, so that two share 4 / k inputs. On an
    edge with n operations, ``none`` aside, which no genotype keeps, both have the same one with 1 / n.

    Examples
    --------
    >>> from harness import spaces
    >>> found = chance(spaces.load("darts_s5"))
    >>> round(found.operations, 2), round(found.inputs, 2)
    (1.47, 6.27)
    """
    inputs = operations = 0.0
    for (node, _), names in zip(EDGES * len(CELLS), space.edges, strict=True):
        both = (2 / node) ** 2
        inputs += both * (node in INPUT_NODES)
        operations += both / sum(name != "none" for name in names)
    return Overlap(operations, inputs)


def _edges(space: Darts, arch: Architecture) -> dict[tuple[int, int, int], str]:
    """By cell, node and predecessor the operation."""
    return {
        (cell, node, predecessor): operation
        for cell, nodes in enumerate(space.cells(arch))
        for node, pairs in zip(NODES, nodes, strict=True)
        for operation, predecessor in pairs
    }


def _mean(found: Sequence[Overlap]) -> Overlap | None:
    if not found:
        return None
    return Overlap(fmean(each.operations for each in found), fmean(each.inputs for each in found))


def _genotype(row: dict[str, str]) -> PublishedGenotype:
    sizes = [int(row[name]) if row[name] else None for name in ("proposals", "validation_batches")]
    setting = Setting(row["space"], row["dataset"], row["searcher"], row["order"], *sizes)
    return PublishedGenotype(row["name"], setting, int(row["seed"]), int(row["params"]), row["genotype"])
