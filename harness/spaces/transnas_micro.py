"""TransNAS-Bench-101's cell space: a cell of 4 nodes whose 6 edges each pick one of 4 operations.

Duan, Chen, Xu, Chen, Liang, Zhang and Li, "TransNAS-Bench-101: Improving Transferability and Generalizability
of Cross-Task Neural Architecture Search", CVPR 2021. Edge order as in the authors' strings: 1<-0, 2<-0, 2<-1,
3<-0, 3<-1, 3<-2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError
from harness.options import Option
from harness.spaces._edges import EDGES, CellOfEdges
from harness.spaces._space import Architecture, Decision, is_index

OPTIONS = {
    "supernet_epochs": Option(
        int, 50, "of a supernet at fidelity=benchmark: DARTS's, nobody published one here"
    )
}

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
MODULES = "41414"
"""What the modules around the cell do: 1 nothing, 4 double the channels and halve the resolution."""

_TEXT = re.compile(rf"(?:64-{MODULES}-)?([0-3])_([0-3]{{2}})_([0-3]{{3}})", re.ASCII)


class TransNASMicro(CellOfEdges):
    """4,096 architectures, 1,519 distinct networks; their order is not that of the authors' indices."""

    name = "transnas_micro"
    title = "TransNAS-Bench-101 micro"
    family = "transnas_micro"
    decisions = tuple(Decision(f"{node}<-{parent}", OPERATIONS) for node, parent in EDGES)
    forms = (
        "the authors' string such as 64-41414-3_31_132, or its end 3_31_132, six numbers of 0 to 3, "
        "a mapping of edges such as {'1<-0': 'nor_conv_3x3', ...}, or six tuples of one index each"
    )

    def format(self, arch: Architecture) -> str:
        """``64-41414-a_bc_def``, the authors' string; the digits count :data:`OPERATIONS`."""
        digits = "".join(str(pick) for (pick,) in arch)
        return f"64-{MODULES}-{digits[0]}_{digits[1:3]}_{digits[3:]}"

    def parse_text(self, text: str) -> Architecture:
        """Read the authors' string, or what it says of the cell."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ConfigError(
                f"A transnas_micro architecture is written like 64-{MODULES}-3_31_132, with six digits of 0 "
                f"(none), 1 (skip_connect), 2 (nor_conv_1x1) and 3 (nor_conv_3x3); received {text!r}."
            )
        return tuple((int(digit),) for digit in "".join(match.groups()))

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the six digits as numbers."""
        digits = all(is_index(item) and 0 <= item < len(OPERATIONS) for item in items)
        return tuple((int(item),) for item in items) if digits and len(items) == len(EDGES) else None

    def canonical(self, arch: Architecture) -> str:
        """What the cell computes, as an expression: a node is the sorted sum of its terms, without ``none``.

        A ``skip_connect`` repeats its parent's terms, but one from the input is a term of its own, since it
        is a factorised reduction where the resolution changes; a convolution of nothing is a term, its
        normalisation's bias. Nodes that do not reach the output are left out. The rule is ours: the release
        states none. It trained encodings of one expression separately unless they also agree in what does
        not reach the output.
        """
        terms: dict[int, list[str]] = {0: ["0"], 1: [], 2: [], 3: []}
        for (node, parent), (pick,) in zip(EDGES, arch, strict=True):
            operation = OPERATIONS[pick]
            if operation == "skip_connect" and parent:
                terms[node] += terms[parent]
            elif operation != "none":
                terms[node].append(f"({'+'.join(sorted(terms[parent]))})@{operation}")
        return "+".join(sorted(terms[3]))


SPACE = TransNASMicro()
