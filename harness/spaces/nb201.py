"""NAS-Bench-201: a cell of 4 nodes whose 6 edges each pick one of 5 operations.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search",
ICLR 2020. Edge order as in the authors' strings: 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from harness.errors import ConfigError, unknown_name
from harness.options import Option
from harness.spaces._edges import EDGES, CellOfEdges
from harness.spaces._space import Architecture, Decision, is_index

OPTIONS = {"supernet_epochs": Option(int, 100, "of a supernet at fidelity=benchmark: as DARTS-PT's authors")}

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2))
"""NASLib's order of operations and edges, by which its tuples of six indices are read."""

_EXAMPLE = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
_TOKEN = re.compile(r"([a-z0-9_]+)~(\d)")
_TUPLE = re.compile(r"\(\d(, ?\d){5}\)", re.ASCII)


class NB201(CellOfEdges):
    """15,625 architectures, 6,466 distinct networks."""

    name = "nb201"
    title = "NAS-Bench-201"
    family = "nb201"
    decisions = tuple(Decision(f"{node}<-{parent}", OPERATIONS) for node, parent in EDGES)
    forms = (
        "the authors' string, their genotype ((('nor_conv_3x3', 0),), ...), NASLib's tuple of six indices, a "
        "mapping of edges such as {(0, 1): 'nor_conv_3x3', ...}, or six tuples of one index each"
    )

    def format(self, arch: Architecture) -> str:
        """``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, the authors' string."""
        nodes: dict[int, str] = {}
        for (node, parent), (pick,) in zip(EDGES, arch, strict=True):
            nodes[node] = nodes.get(node, "|") + f"{OPERATIONS[pick]}~{parent}|"
        return "+".join(nodes.values())

    def parse_text(self, text: str) -> Architecture:
        """Read the authors' string, or NASLib's tuple as its files write it."""
        if _TUPLE.fullmatch(text):
            return self._of_naslib([int(digit) for digit in re.findall(r"\d", text)])
        tokens = _TOKEN.findall(text)
        for operation, _ in tokens:
            if operation not in OPERATIONS:
                raise unknown_name("operation of nb201", operation, OPERATIONS)
        arch = tuple((OPERATIONS.index(operation),) for operation, _ in tokens)
        if len(arch) != len(EDGES) or self.format(arch) != text:
            raise ConfigError(
                f"An nb201 architecture is written like {_EXAMPLE}, "
                f"operations {', '.join(OPERATIONS)}; received {text!r}."
            )
        return arch

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read NASLib's six indices, or the authors' genotype."""
        if len(items) == len(EDGES) and all(map(is_index, items)):
            return self._of_naslib([int(item) for item in items])
        edges = {}
        for node, inputs in enumerate(items, start=1):
            for pair in inputs if _is_sequence(inputs) else [None]:
                if not _is_sequence(pair) or len(pair) != 2 or not is_index(pair[1]):
                    return None
                edges[node, int(pair[1])] = pair[0]
        written = sum(map(len, items))
        return self._of_edges(edges) if set(edges) == set(EDGES) and written == len(EDGES) else None

    def parse_mapping(self, items: Mapping[Any, Any]) -> Architecture | None:
        """Read operations by edge: ``"2<-1"``, or the two nodes from 0 to 3 or, as NASLib's, from 1 to 4."""
        found = super().parse_mapping(items)
        if found is not None or not all(_is_edge(edge) for edge in items):
            return found
        edges = {(max(edge), min(edge)): operation for edge, operation in items.items()}
        if set(edges) == {(node + 1, parent + 1) for node, parent in EDGES}:
            edges = {(node - 1, parent - 1): operation for (node, parent), operation in edges.items()}
        return self._of_edges(edges) if set(edges) == set(EDGES) and len(items) == len(EDGES) else None

    def _of_edges(self, edges: Mapping[tuple[int, int], Any]) -> Architecture:
        for operation in edges.values():
            if operation not in OPERATIONS:
                raise unknown_name("operation of nb201", operation, OPERATIONS)
        return tuple((OPERATIONS.index(edges[edge]),) for edge in EDGES)

    def _of_naslib(self, indices: Sequence[int]) -> Architecture:
        if not all(0 <= index < len(NASLIB_OPERATIONS) for index in indices):
            raise ConfigError(
                "NASLib writes an nb201 architecture as six indices from 0 to 4 into "
                f"({', '.join(NASLIB_OPERATIONS)}); received {tuple(indices)}."
            )
        named = dict(zip(NASLIB_EDGES, indices, strict=True))
        return self._of_edges({edge: NASLIB_OPERATIONS[index] for edge, index in named.items()})

    def canonical(self, arch: Architecture) -> str:
        """The cell's expression with ``skip_connect`` as identity and ``none`` as zero.

        The benchmark paper's count of 6,466 distinct networks (its "unique topologies") rests on
        this rule: a node is written as the sorted sum of its terms, a ``skip_connect`` edge
        repeats its parent's expression, and a ``none`` edge, or any edge from a node
        that is a single zero, is the term ``#``. The rule keeps zero terms and nested sums;
        dropping the one and merging the other would leave 4,930 different functions.
        """
        expressions = {0: "0"}
        terms: dict[int, list[str]] = {1: [], 2: [], 3: []}
        for (node, parent), (pick,) in zip(EDGES, arch, strict=True):
            operation = OPERATIONS[pick]
            if parent not in expressions:
                expressions[parent] = "+".join(sorted(terms[parent]))
            source = expressions[parent]
            if operation == "none" or source == "#":
                terms[node].append("#")
            elif operation == "skip_connect":
                terms[node].append(source)
            else:
                terms[node].append(f"({source})@{operation}")
        return "+".join(sorted(terms[3]))


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_edge(key: object) -> bool:
    return isinstance(key, tuple) and len(key) == 2 and all(map(is_index, key))


SPACE = NB201()
