"""The DARTS space and its reduced versions: a normal and a reduction cell of four nodes with two inputs each.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019; S1 to S4: Zela et al.,
"Understanding and Robustifying Differentiable Architecture Search", ICLR 2020. Nodes 0 and 1 of a cell are
the outputs of the two cells before it; nodes 2 to 5 add up two operations on earlier nodes each, and the
output concatenates them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import combinations, permutations
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np

from harness.errors import unknown_name
from harness.options import Option
from harness.spaces._darts_forms import Cell, Genotype, of_parts, of_text
from harness.spaces._diagram import Diagram, Link, Node
from harness.spaces._space import Architecture, Decision, Mask, Space, only

OPTIONS = {"supernet_epochs": Option(int, 50, "of a supernet at fidelity=benchmark: as DARTS's authors")}

OPERATIONS = (
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
    "dil_conv_5x5",
)  # fmt: skip
"""DARTS's eight; the reduced spaces know ``noise`` too."""
CELLS = ("normal", "reduce")
NODES = (2, 3, 4, 5)
EDGES = tuple((node, predecessor) for node in NODES for predecessor in range(node))
"""(node, its predecessor), the 14 edges of a cell in the order of their decisions."""
_PLACES = {edge: place for place, edge in enumerate(EDGES)}
INPUT_NODES = NODES[1:]
"""Those with more predecessors than inputs: node 2 has exactly two."""

Edges = tuple[tuple[str, ...], ...]
"""For each of the 28 edges, the normal cell's before the reduction cell's, its operations."""


class Darts(Space):
    """A space of two cells, given by the operations of every edge.

    Decisions are the operations of the normal cell's 14 edges, then of the reduction cell's, and then the two
    inputs of nodes 3, 4 and 5 of either. An operation on an edge that is not picked has no effect. ``none``
    is there for supernets: a genotype does not keep it, and :meth:`normalise` puts the edge's first other
    operation in its place, as DARTS's code does where no other has any weight.
    """

    family = "darts"
    identity_candidates = frozenset({"none", "skip_connect", "noise"})
    never_kept = frozenset({"none"})
    forms = (
        "its string, Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=..., reduce=[...], "
        "reduce_concat=...) as text, as an object or as a mapping, or a sequence with the picked indices of "
        "every decision"
    )

    def __init__(self, name: str, title: str, edges: Edges) -> None:
        self.name, self.title, self.edges = name, title, edges
        names = [f"{cell}_{node}<-{predecessor}" for cell in CELLS for node, predecessor in EDGES]
        self.decisions = tuple(map(Decision, names, edges)) + tuple(
            Decision(f"{cell}_inputs_{node}", tuple(map(str, range(node))), 2, "input")
            for cell in CELLS
            for node in INPUT_NODES
        )

    @cached_property
    def genotypes(self) -> int:
        """How many genotypes there are: two inputs for every node, and no ``none``."""
        return prod(
            sum(
                prod(len(kept) for edge, kept in zip(EDGES, self._kept(cell), strict=True) if edge in picked)
                for picked in _pairs_of(node)
            )
            for cell in range(2)
            for node in NODES
        )

    def cells(self, arch: Architecture) -> tuple[Cell, Cell]:
        """The normal and the reduction cell: for every node its pairs of an operation and a predecessor."""
        first, second = (
            tuple(
                tuple(
                    (self.edges[edge][arch[edge][0]], predecessor)
                    for edge, predecessor in self._picked(arch, cell, node)
                )
                for node in NODES
            )
            for cell in range(2)
        )
        return first, second

    def genotype(self, arch: Architecture) -> Genotype:
        """``arch`` in the form that DARTS's code writes and reads; its text is the ``repr``."""
        normal, reduce = ([pair for node in cell for pair in node] for cell in self.cells(arch))
        return Genotype(normal, list(NODES), reduce, list(NODES))

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """Both cells: nodes 0 and 1 are the outputs of the two cells before, 2 to 5 are joined to its own."""
        nodes = tuple(map(Node, ("c(k-2)", "c(k-1)", *map(str, NODES))))
        return tuple(
            Diagram(
                title,
                nodes,
                tuple(
                    Link(predecessor, node, operation)
                    for node, pairs in zip(NODES, cell, strict=True)
                    for operation, predecessor in pairs
                ),
            )
            for title, cell in zip(("Normal cell", "Reduction cell"), self.cells(arch), strict=True)
        )

    def format(self, arch: Architecture) -> str:
        """``|op~pred|op~pred|`` for every node, joined by ``+``; the normal cell, ``/``, the reduction cell.

        The two pairs of a node stand in the order of their predecessors.
        """
        return "/".join(map(_text, self.cells(arch)))

    def canonical(self, arch: Architecture) -> str:
        """The string with the nodes of either cell in the order that makes it smallest.

        Two genotypes are the same network where one's nodes, in another order, are the other's: the output
        has its channels in another order then, which the weights of the next layers make up for. Nothing
        else counts as the same, and no two operations do.
        """
        return "/".join(map(_canonical, self.cells(arch)))

    def parse(self, form: Any) -> Architecture:
        if hasattr(form, "normal") and hasattr(form, "reduce"):
            form = {name: getattr(form, name) for name in Genotype._fields if hasattr(form, name)}
        return super().parse(form)

    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string, pairs in either order, or a ``Genotype(...)``."""
        return self._of_cells(of_text(self.name, text))

    def parse_mapping(self, items: Mapping[Any, Any]) -> Architecture | None:
        """Read the parts of a ``Genotype`` by name too; a concatenation may be left out."""
        if {"normal", "reduce"} <= set(items) <= set(Genotype._fields):
            return self._of_cells(of_parts(self.name, items))
        return super().parse_mapping(items)

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the four parts of a ``Genotype``, or of one that was written as JSON."""
        if len(items) != len(Genotype._fields):
            return None
        return self._of_cells(of_parts(self.name, dict(zip(Genotype._fields, items, strict=True))))

    def active(self, arch: Architecture) -> tuple[bool, ...]:
        kept = {edge for cell in range(2) for node in NODES for edge, _ in self._picked(arch, cell, node)}
        inputs = len(self.decisions) - len(self.edges)
        return tuple(edge in kept for edge in range(len(self.edges))) + (True,) * inputs

    def normalise(self, arch: Architecture) -> Architecture:
        operations = tuple(
            ((picks[0] or self._first[edge],) if active else (0,))
            for edge, (picks, active) in enumerate(
                zip(arch[: len(self.edges)], self.active(arch), strict=False)
            )
        )
        return operations + arch[len(self.edges) :]

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One genotype, every input and every operation but ``none`` drawn uniformly and by itself."""
        draws = [
            (int(rng.integers(first, len(operations))),)
            for first, operations in zip(self._first, self.edges, strict=True)
        ]
        options = [decision.options for decision in self.decisions[len(self.edges) :]]
        return self.normalise((*draws, *(option[int(rng.integers(len(option)))] for option in options)))

    def path(self, mask: Mask, rng: np.random.Generator) -> Mask:
        """An operation on every edge, uniform; inputs stay as ``mask`` has them, so that all edges run.

        So ABS (Hu et al., ECCV 2020) and RLNAS train DARTS's supernet: children there do not pick inputs.
        """
        picks = [int(rng.choice(np.flatnonzero(row))) for row in mask[: len(self.edges)]]
        for edge, pick in enumerate(picks):
            mask = only(mask, edge, (pick,))
        return mask

    def feeding(self, decision: int) -> tuple[int, ...] | None:
        """The edges from a node's predecessors, for the decision that picks two of them."""
        if decision < len(self.edges):
            return None
        cell, place = divmod(decision - len(self.edges), len(INPUT_NODES))
        node = INPUT_NODES[place]
        return tuple(_edge(cell, node, predecessor) for predecessor in range(node))

    @cached_property
    def decisions_by_cell(self) -> tuple[tuple[int, ...], ...]:
        """Those of the normal and of the reduction cell."""
        edges, inputs = len(EDGES), len(INPUT_NODES)
        return tuple(
            (
                *range(cell * edges, (cell + 1) * edges),
                *range(len(self.edges) + cell * inputs, len(self.edges) + (cell + 1) * inputs),
            )
            for cell in range(len(CELLS))
        )

    def neighbours(self, arch: Architecture) -> tuple[Architecture, ...]:
        """All genotypes with one pair of an operation and a predecessor in another one's place, each once."""
        slots = [(cell, node, slot) for cell in range(2) for node in NODES for slot in range(2)]
        return tuple(dict.fromkeys(other for place in slots for other in self._changed(arch, *place)))

    def mutated(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """One of ``neighbours(arch)``: the pair is drawn uniformly, and then what takes its place."""
        cell, node, slot = (int(rng.integers(high)) for high in (2, len(NODES), 2))
        others = self._changed(arch, cell, NODES[node], slot)
        return others[int(rng.integers(len(others)))]

    def connected(self, arch: Architecture) -> bool:
        """Whether operations other than ``noise`` lead from the images through eight cells to the end."""
        passes = [_passes(cell) for cell in self.cells(self.normalise(arch))]
        before, last = True, True
        for place in range(8):
            first, second = passes[place in (2, 5)]
            before, last = last, (before and first) or (last and second)
        return last

    def _changed(self, arch: Architecture, cell: int, node: int, slot: int) -> list[Architecture]:
        """What ``arch`` is with another pair in the place of the node's first or second."""
        arch = self.normalise(arch)
        _, kept = self._picked(arch, cell, node)[1 - slot]
        found = [
            self.normalise(other)
            for predecessor in range(node)
            if predecessor != kept
            for other in self._with_edge(arch, cell, node, predecessor, tuple(sorted((kept, predecessor))))
        ]
        return [other for other in found if other != arch]

    def _with_edge(
        self, arch: Architecture, cell: int, node: int, predecessor: int, inputs: tuple[int, ...]
    ) -> Iterator[Architecture]:
        """``arch`` with the node's ``inputs``, and each operation on its edge from ``predecessor``."""
        edge = _edge(cell, node, predecessor)
        if node in INPUT_NODES:
            place = self._inputs(cell, node)
            arch = (*arch[:place], inputs, *arch[place + 1 :])
        for pick in range(self._first[edge], len(self.edges[edge])):
            yield (*arch[:edge], (pick,), *arch[edge + 1 :])

    def _of_cells(self, cells: tuple[Cell, Cell]) -> Architecture:
        operations, inputs = [(0,)] * len(self.edges), []
        for number, cell in enumerate(cells):
            for node, pairs in zip(NODES, cell, strict=True):
                for operation, predecessor in pairs:
                    edge = _edge(number, node, predecessor)
                    operations[edge] = (self._index(edge, operation),)
                if node in INPUT_NODES:
                    inputs.append(tuple(sorted(predecessor for _, predecessor in pairs)))
        return (*operations, *inputs)

    def _index(self, edge: int, operation: str) -> int:
        kept = self.edges[edge][self._first[edge] :]
        if operation not in kept:
            raise unknown_name(f"operation of {self.decisions[edge].name} in {self.name}", operation, kept)
        return self.edges[edge].index(operation)

    def _picked(self, arch: Architecture, cell: int, node: int) -> tuple[tuple[int, int], ...]:
        """The node's two edges, by number, and their predecessors."""
        inputs = (0, 1) if node == 2 else arch[self._inputs(cell, node)]
        return tuple((_edge(cell, node, predecessor), predecessor) for predecessor in inputs)

    def _inputs(self, cell: int, node: int) -> int:
        """The place of the node's input decision."""
        return len(self.edges) + cell * len(INPUT_NODES) + INPUT_NODES.index(node)

    def _kept(self, cell: int) -> tuple[tuple[str, ...], ...]:
        edges = range(cell * len(EDGES), (cell + 1) * len(EDGES))
        return tuple(self.edges[edge][self._first[edge] :] for edge in edges)

    @cached_property
    def _first(self) -> tuple[int, ...]:
        """For every edge the index of its first operation that a genotype keeps; ``none`` stands in front."""
        return tuple(int(operations[0] == "none") for operations in self.edges)


def _edge(cell: int, node: int, predecessor: int) -> int:
    return cell * len(EDGES) + _PLACES[node, predecessor]


def _pairs_of(node: int) -> Iterator[tuple[tuple[int, int], ...]]:
    return combinations([(node, predecessor) for predecessor in range(node)], 2)


def _text(cell: Cell) -> str:
    return "+".join("|" + "".join(f"{operation}~{number}|" for operation, number in node) for node in cell)


@cache
def _orders() -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """The nodes in every order, and by the number of an input or a node its number then."""
    return tuple(
        (order, (0, 1, *(2 + order.index(node) for node in range(len(NODES)))))
        for order in permutations(range(len(NODES)))
    )


@lru_cache(maxsize=1024)
def _canonical(cell: Cell) -> str:
    """Kept, since of a neighbour's two cells one is the same."""
    found = []
    for order, number in _orders():
        if all(number[source] < 2 + place for place, node in enumerate(order) for _, source in cell[node]):
            moved = (((name, number[source]) for name, source in cell[node]) for node in order)
            found.append(_text(tuple(tuple(sorted(pairs, key=itemgetter(1))) for pairs in moved)))
    return min(found)


def _passes(cell: Cell) -> tuple[bool, bool]:
    """Whether something of the input 0, and of the input 1, reaches the cell's output."""
    reached: list[set[int]] = [{0}, {1}]
    for node in cell:
        sources = [reached[number] for operation, number in node if operation != "noise"]
        reached.append(set().union(*sources))
    output = set().union(*reached[2:])
    return 0 in output, 1 in output
