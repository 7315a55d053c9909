"""Networks as graphs of tensor operations, so that what several of them share is computed once.

:func:`trace` writes down what a module does to a batch, in :class:`Nodes`, which may hold those of many
modules: two operations of the same function on the same operands are one node, within a network and
between networks. :func:`lower` puts faster operations in a graph's place, with the same numbers to the
last bit; :func:`fold` rewrites it to fewer, larger ones, rounded otherwise, and :func:`rounded` to numbers
of fewer bits. :func:`relu_kernels` runs graphs over a batch, a few samples at a time, and counts their ReLU
codes; a :class:`Program` does so with one graph, batch after batch.
"""

from __future__ import annotations

from harness.graphs._codes import agreements, code_product, unit_rows
from harness.graphs._fold import fold
from harness.graphs._known import LOOKS, OPERATIONS, Call, Untraceable
from harness.graphs._lower import AVERAGE_3X3, lower
from harness.graphs._node import Graph, Node, Nodes, given, needed, replaced
from harness.graphs._operations import average_3x3, gated, scale, spread_3x3
from harness.graphs._precision import LIMITS, PRECISIONS, lacking, multiplying, number_format, rounded
from harness.graphs._program import Program
from harness.graphs._replay import split
from harness.graphs._run import CHUNK_SAMPLES, Counted, one_thread, relu_kernels
from harness.graphs._trace import NodeOf, Watch, trace

__all__ = [
    "AVERAGE_3X3",
    "CHUNK_SAMPLES",
    "LIMITS",
    "LOOKS",
    "OPERATIONS",
    "PRECISIONS",
    "Call",
    "Counted",
    "Graph",
    "Node",
    "NodeOf",
    "Nodes",
    "Program",
    "Untraceable",
    "Watch",
    "agreements",
    "average_3x3",
    "code_product",
    "fold",
    "gated",
    "given",
    "lacking",
    "lower",
    "multiplying",
    "needed",
    "number_format",
    "one_thread",
    "relu_kernels",
    "replaced",
    "rounded",
    "scale",
    "split",
    "spread_3x3",
    "trace",
    "unit_rows",
]
