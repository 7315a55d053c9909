"""Which operations a DARTS genotype is made of: shares of skips, noise and separable convolutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from harness.spaces import Architecture
from harness.spaces._darts import CELLS, EDGES, NODES, Darts

KINDS: Mapping[str, frozenset[str]] = {
    "skip": frozenset({"skip_connect"}),
    "noise": frozenset({"noise"}),
    "sep. conv.": frozenset({"sep_conv_3x3", "sep_conv_5x5"}),
}
"""Kinds of operations that are counted, each by its heading."""

Shares = Mapping[tuple[str, str], float]
"""By cell and kind the share of the cell's eight operations, from 0 to 1."""


def kinds_of(space: Darts) -> tuple[str, ...]:
    """The kinds of which ``space`` has an operation."""
    present = {operation for edge in space.edges for operation in edge}
    return tuple(kind for kind, names in KINDS.items() if names & present)


def shares(space: Darts, arch: Architecture) -> Shares:
    """Of the genotype ``arch``."""
    cells = zip(CELLS, space.cells(space.normalise(arch)), strict=True)
    found = {cell: [operation for node in nodes for operation, _ in node] for cell, nodes in cells}
    return {
        (cell, kind): fmean(operation in names for operation in operations)
        for cell, operations in found.items()
        for kind, names in KINDS.items()
    }


def by_chance(space: Darts) -> Shares:
    """What is expected where inputs and operations but ``none`` are drawn uniformly: exact, not drawn.

    An edge to node n, which has n predecessors, is picked with probability 2 / n, and each of its operations
    is as likely.
    """
    expected = {}
    for number, cell in enumerate(CELLS):
        for kind, names in KINDS.items():
            total = 0.0
            for edge, (node, _) in enumerate(EDGES, start=number * len(EDGES)):
                kept = [name for name in space.edges[edge] if name not in space.never_kept]
                total += 2 / node * fmean(name in names for name in kept)
            expected[cell, kind] = total / (2 * len(NODES))
    return expected


def mean(several: Iterable[Shares]) -> Shares:
    """The mean over several genotypes."""
    listed = list(several)
    return {key: fmean(each[key] for each in listed) for key in listed[0]}
