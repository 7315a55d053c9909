"""NAS-Bench-101 cells: adjacency matrix, operations, and the hash the benchmark files them under.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
The hash must equal ``nasbench_pytorch``'s ``ModelSpec.hash_spec``, which cannot be called
here because importing it imports torch; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

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


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
