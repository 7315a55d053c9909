"""NAS-Bench-101 cells: adjacency matrix, operations, and the hash the benchmark files them under.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
The hash must equal ``nasbench_pytorch``'s ``ModelSpec.hash_spec``, which cannot be called
here because importing it imports torch; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import ConfigError
from harness.spaces._space import Architecture, Space

CANONICAL_OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""The order in which NAS-Bench-101 numbers its operations."""


@dataclass(frozen=True)
class Cell:
    """A cell without loose ends: ``parents[v]`` feed vertex ``v``; ``operations`` of the inner vertices.

    Vertex 0 is the input, the last vertex the output.
    """

    parents: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]

    @property
    def matrix(self) -> list[list[int]]:
        """The upper-triangular adjacency matrix, rows from and columns to."""
        size = len(self.parents)
        return [[int(source in self.parents[target]) for target in range(size)] for source in range(size)]

    @property
    def labels(self) -> list[str]:
        """The operations with ``input`` before and ``output`` behind."""
        return ["input", *self.operations, "output"]

    def hash(self) -> str:
        """32 hexadecimal digits, the same for isomorphic cells.

        Every vertex starts from (out-degree, in-degree, operation); as many rounds as there are
        vertices mix in the sorted digests of its neighbours; the sorted digests make the hash.
        """
        size = len(self.parents)
        sources = [list(parents) for parents in self.parents]
        targets = [[target for target in range(size) if v in self.parents[target]] for v in range(size)]
        numbers = [-1, *(CANONICAL_OPERATIONS.index(operation) for operation in self.operations), -2]
        digests = [_md5(str((len(targets[v]), len(sources[v]), numbers[v]))) for v in range(size)]
        for _ in range(size):
            digests = [
                _md5(
                    "".join(sorted(digests[w] for w in sources[v]))
                    + "|"
                    + "".join(sorted(digests[w] for w in targets[v]))
                    + "|"
                    + digests[v]
                )
                for v in range(size)
            ]
        return _md5(str(sorted(digests)))


def cell_of(matrix: Any, operations: Any) -> Cell:
    """The cell of an upper-triangular adjacency matrix and its operations, vertices without a path dropped.

    Raises
    ------
    ConfigError
        Where it is not one, or no path leads from its input to its output.
    """
    try:
        edges = np.asarray(matrix, dtype=np.int64)
        names = [str(name) for name in operations]
    except (TypeError, ValueError, OverflowError):
        edges, names = np.zeros((0, 0), dtype=np.int64), []
    size = len(names)
    if (
        size < 2
        or edges.shape != (size, size)
        or not np.isin(edges, (0, 1)).all()
        or np.tril(edges).any()
        or (names[0], names[-1]) != ("input", "output")
        or not set(names[1:-1]) <= set(CANONICAL_OPERATIONS)
    ):
        raise ConfigError(
            "A cell of NAS-Bench-101 is an upper-triangular matrix of 0 and 1 and the operations of its "
            f"vertices, input, then {', '.join(CANONICAL_OPERATIONS)}, then output; received "
            f"{' '.join(str(matrix).split())[:200]} and {str(operations)[:200]}."
        )
    paths = np.linalg.matrix_power(edges + np.eye(size, dtype=np.int64), size) > 0
    kept = [v for v in range(size) if paths[0, v] and paths[v, size - 1]]
    if not kept:
        raise ConfigError(
            "A cell of NAS-Bench-101 has a path from its input to its output; this one has none."
        )
    parents = tuple(tuple(kept.index(w) for w in kept if edges[w, v]) for v in kept)
    return Cell(parents, tuple(names[v] for v in kept[1:-1]))


class SpaceOfCells(Space):
    """A space of NAS-Bench-101's cells, which are read as matrix and operations too."""

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read NASBench-101's matrix and operations: the architecture with the same cell."""
        return self.of_cell(cell_of(*items)) if len(items) == 2 else None

    def parse_mapping(self, items: Mapping[Any, Any]) -> Architecture | None:
        """Read NASBench-101's ``{"matrix": ..., "ops": ...}`` too."""
        if set(items) == {"matrix", "ops"}:
            return self.of_cell(cell_of(items["matrix"], items["ops"]))
        return super().parse_mapping(items)

    @abstractmethod
    def of_cell(self, cell: Cell) -> Architecture:
        """The architecture with this ``cell``; raises :class:`ConfigError` where there is none."""


def class_numbers(cells: Sequence[Cell]) -> np.ndarray:
    """Number of the class of every cell, equal where :meth:`Cell.hash` is, for all cells at once; int64.

    The rounds of :meth:`Cell.hash` on 64-bit numbers: a vertex mixes in the sums of its neighbours' mixed
    numbers, and the sum over the vertices is the cell's.
    """
    sizes = np.array([len(cell.parents) for cell in cells])
    found = np.zeros(len(cells), dtype=np.uint64)
    for size in np.unique(sizes).tolist():
        members = np.flatnonzero(sizes == size).tolist()
        edges = np.array([cells[member].matrix for member in members], dtype=np.uint64)
        operations = [cells[member].operations for member in members]
        numbers = [[0, *(CANONICAL_OPERATIONS.index(name) + 2 for name in each), 1] for each in operations]
        colours = np.array(numbers, dtype=np.uint64) + 8 * edges.sum(1) + 64 * edges.sum(2)
        for _ in range(size):
            mixed = _mixed(colours)
            sources, targets = np.einsum("nst,ns->nt", edges, mixed), np.einsum("nst,nt->ns", edges, mixed)
            colours = _mixed(colours + 3 * _mixed(sources) + 5 * _mixed(targets))
        found[members] = _mixed(_mixed(colours).sum(1) + np.uint64(size))
    return np.unique(found, return_inverse=True)[1]


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser, a bijection. Steele, Lea and Flood, OOPSLA 2014."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
