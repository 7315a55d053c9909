"""NAS-Bench-1Shot1: three spaces of NAS-Bench-101 cells that weight sharing can search.

Zela, Siems and Hutter, "NAS-Bench-1Shot1: Benchmarking and Dissecting One-shot Neural
Architecture Search", ICLR 2020. A cell has choice blocks 1..k between input (0) and output;
each block picks an operation, and each node a fixed number of parents among the earlier ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import combinations, pairwise, product

import numpy as np

from harness.errors import ConfigError
from harness.options import Option
from harness.spaces._diagram import Diagram, Link, Node
from harness.spaces._nb101 import Cell, SpaceOfCells, class_numbers
from harness.spaces._space import Architecture, Decision

OPTIONS = {
    "supernet_epochs": Option(int, 50, "of a supernet at fidelity=benchmark: as the benchmark's authors")
}

Body = tuple[tuple[int, int, tuple[int, ...]], ...]
"""Number, operation and parents of every used block."""

OPERATIONS = ("maxpool3x3", "conv3x3-bn-relu", "conv1x1-bn-relu")
_BLOCK = re.compile(r"^(?:-|([a-z0-9-]+)@(\d(?:,\d)*))$")


class NB1Shot1(SpaceOfCells):
    """One of the three spaces, given by the number of parents of every node.

    The operation decisions of the blocks come first, then the input decision of every node that
    has more candidates than parents. A block that no used node takes as a parent is *unused*:
    its choices have no effect, and :meth:`normalise` sets them to the first option.

    ``listing()`` has the cells "without loose ends" that the benchmark's own enumeration
    lists (2,487 / 3,609 / 24,066): those whose used blocks form a chain, each used node having
    the used block before it among its parents. ``encodings()`` makes every combination.
    """

    family = "nb1shot1"
    forms = (
        "its string, NASBench-101's (matrix, operations) or {'matrix': ..., 'ops': ...}, or a sequence with "
        "the picked indices of every decision"
    )
    identity_candidates: frozenset[str] = frozenset()

    def __init__(self, number: int, parents_per_node: tuple[int, ...]) -> None:
        self.name = f"nb1shot1_{number}"
        self.title = f"NAS-Bench-1Shot1 space {number}"
        self.parents_per_node = parents_per_node
        self.blocks = len(parents_per_node) - 2
        self.input_nodes = tuple(v for v, count in enumerate(parents_per_node) if 0 < count < v)
        self.decisions = tuple(Decision(f"op_{v}", OPERATIONS) for v in range(1, self.blocks + 1)) + tuple(
            Decision(
                "parents_out" if v == self.blocks + 1 else f"parents_{v}",
                tuple(str(parent) for parent in range(v)),
                parents_per_node[v],
                "input",
            )
            for v in self.input_nodes
        )

    def parents(self, arch: Architecture) -> tuple[tuple[int, ...], ...]:
        """The parents of every node, from the input (none) to the output."""
        chosen = dict(zip(self.input_nodes, arch[self.blocks :], strict=True))
        return tuple(chosen.get(v, tuple(range(v))) for v in range(self.blocks + 2))

    def used(self, arch: Architecture) -> tuple[bool, ...]:
        """For every node from input to output, whether the output depends on it."""
        return _used(self.parents(arch))

    def active(self, arch: Architecture) -> tuple[bool, ...]:
        used = self.used(arch)
        return used[1 : self.blocks + 1] + tuple(used[v] for v in self.input_nodes)

    def normalise(self, arch: Architecture) -> Architecture:
        return tuple(
            picks if active else tuple(range(decision.picks))
            for decision, picks, active in zip(self.decisions, arch, self.active(arch), strict=True)
        )

    def cell(self, arch: Architecture) -> Cell:
        """The NAS-Bench-101 cell: unused blocks dropped, the others renumbered."""
        used, parents = self.used(arch), self.parents(arch)
        kept = [v for v in range(self.blocks + 2) if used[v] or v == 0]
        number = {v: index for index, v in enumerate(kept)}
        return Cell(
            tuple(tuple(number[parent] for parent in parents[v]) for v in kept),
            tuple(OPERATIONS[arch[v - 1][0]] for v in kept[1:-1]),
        )

    def canonical(self, arch: Architecture) -> str:
        """The NAS-Bench-101 module hash of :meth:`cell`."""
        return _hash(self.cell(arch))

    def format(self, arch: Architecture) -> str:
        """Blocks as ``operation@parents``, an unused one as ``-``, then the output's parents.

        Example: ``conv3x3-bn-relu@0|maxpool3x3@0,1|-|-|@1,2``.
        """
        used, parents = self.used(arch), self.parents(arch)
        parts = []
        for v in range(1, self.blocks + 2):
            operation = OPERATIONS[arch[v - 1][0]] if v <= self.blocks else ""
            parts.append(f"{operation}@{','.join(map(str, parents[v]))}" if used[v] else "-")
        return "|".join(parts)

    def of_cell(self, cell: Cell) -> Architecture:
        """The listed architecture with this cell."""
        found = self._by_hash.get(cell.hash())
        if found is None:
            raise ConfigError(f"{self.title} lists no architecture with this cell; NAS-Bench-101 has others.")
        return found

    @cached_property
    def _by_hash(self) -> dict[str, Architecture]:
        return {self.canonical(arch): arch for arch in reversed(self.listing())}

    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string; unused blocks take the first option of their decisions."""
        parts = text.split("|")
        picks: list[tuple[int, ...]] = [(0,)] * self.blocks
        parents = {v: tuple(range(self.parents_per_node[v])) for v in self.input_nodes}
        if len(parts) == self.blocks + 1:
            for v, part in enumerate(parts, start=1):
                match = _BLOCK.match(part if v <= self.blocks else f"output{part}")
                if match is None or match[1] is None:
                    continue
                if v <= self.blocks and match[1] in OPERATIONS:
                    picks[v - 1] = (OPERATIONS.index(match[1]),)
                if v in parents:
                    parents[v] = tuple(int(parent) for parent in match[2].split(","))
        arch = tuple(picks) + tuple(parents.values())
        if (
            any(option not in decision.options for decision, option in zip(self.decisions, arch, strict=True))
            or self.format(arch) != text
        ):
            raise ConfigError(
                f"An architecture of {self.name} is written as {self.blocks} blocks and the output, like "
                f"{self.format(self.listing()[-1])}, with the operations {', '.join(OPERATIONS)}, "
                f"{self.parents_per_node[1:]} parents per node and '-' for an unused block; "
                f"received {text!r}."
            )
        return arch

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The cell without its unused blocks."""
        cell = self.cell(arch)
        blocks = (Node(str(number), operation) for number, operation in enumerate(cell.operations, 1))
        links = (Link(parent, node) for node, parents in enumerate(cell.parents) for parent in parents)
        return (Diagram("", (Node("in"), *blocks, Node("out")), tuple(links)),)

    @property
    def stages(self) -> int:  # type: ignore[override]
        """One for every number of used blocks that a listed cell has."""
        return len({len(self._body(arch)) for arch in self.listing()})

    def grown(self, arch: Architecture | None, stage: int) -> tuple[Architecture, ...]:
        """Listed cells with one more used block, behind those of ``arch``, which keep operations and parents.

        The output's parents are chosen anew. Stage 0 has the cells of fewest used blocks.
        """
        if arch is None:
            fewest = min(len(self._body(each)) for each in self.listing())
            return tuple(each for each in self.listing() if len(self._body(each)) == fewest)
        return tuple(self._by_stem.get(self._body(arch), ()))

    @cached_property
    def _by_stem(self) -> dict[Body, list[Architecture]]:
        """The listed cells by what they are without their last used block."""
        found: dict[Body, list[Architecture]] = {}
        for arch in self.listing():
            found.setdefault(self._body(arch)[:-1], []).append(arch)
        return found

    def _body(self, arch: Architecture) -> Body:
        used, parents = self.used(arch), self.parents(arch)
        return tuple((v, arch[v - 1][0], parents[v]) for v in range(1, self.blocks + 1) if used[v])

    def listing(self) -> tuple[Architecture, ...]:
        """The cells without loose ends, in lexicographic order of the picks."""
        return _chained_cells(self)

    def class_numbers(self, archs: Sequence[Architecture]) -> np.ndarray:
        return class_numbers([self.cell(arch) for arch in archs])


def _used(parents: tuple[tuple[int, ...], ...]) -> tuple[bool, ...]:
    used = [False] * (len(parents) - 1) + [True]
    for v in range(len(parents) - 1, 0, -1):
        if used[v]:
            for parent in parents[v]:
                used[parent] = True
    return tuple(used)


@cache
def _hash(cell: Cell) -> str:
    return cell.hash()


@cache
def _chained_cells(space: NB1Shot1) -> tuple[Architecture, ...]:
    found: set[Architecture] = set()
    for chosen in product(*(combinations(range(v), space.parents_per_node[v]) for v in space.input_nodes)):
        template = ((0,),) * space.blocks + chosen
        parents, used = space.parents(template), space.used(template)
        chain = [v for v in range(1, space.blocks + 2) if used[v]]
        if not all(before in parents[v] for before, v in pairwise(chain)):
            continue
        options = [range(len(OPERATIONS)) if used[v] else (0,) for v in range(1, space.blocks + 1)]
        inputs = space.normalise(template)[space.blocks :]
        found.update(tuple((pick,) for pick in picks) + inputs for picks in product(*options))
    return tuple(sorted(found))
