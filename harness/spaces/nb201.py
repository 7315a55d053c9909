"""NAS-Bench-201: a cell of 4 nodes whose 6 edges each pick one of 5 operations.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search",
ICLR 2020. Edge order as in the authors' strings: 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2.
"""

from __future__ import annotations

import re

from harness.errors import ConfigError, unknown_name
from harness.spaces._space import Architecture, Decision, Space

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
"""(node, its parent), in the order of the decisions."""

_EXAMPLE = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
_TOKEN = re.compile(r"([a-z0-9_]+)~(\d)")


class NB201(Space):
    """15,625 architectures, 6,466 distinct networks."""

    name = "nb201"
    title = "NAS-Bench-201"
    family = "nb201"
    decisions = tuple(Decision(f"{node}<-{parent}", OPERATIONS) for node, parent in EDGES)
    identity_candidates = frozenset({"none", "skip_connect"})

    def format(self, arch: Architecture) -> str:
        """``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, the authors' string."""
        nodes: dict[int, str] = {}
        for (node, parent), (pick,) in zip(EDGES, arch, strict=True):
            nodes[node] = nodes.get(node, "|") + f"{OPERATIONS[pick]}~{parent}|"
        return "+".join(nodes.values())

    def parse(self, text: str) -> Architecture:
        """Read the authors' string."""
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

    def connected(self, arch: Architecture) -> bool:
        """Whether a chain of edges other than ``none`` leads from node 0 to node 3."""
        reached = {0}
        for (node, parent), (pick,) in zip(EDGES, arch, strict=True):
            if parent in reached and OPERATIONS[pick] != "none":
                reached.add(node)
        return 3 in reached


SPACE = NB201()
