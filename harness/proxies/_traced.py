"""Running a traced network operation by operation, each value forgotten once it has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.proxies._generators import Generators
from harness.proxies._state import kept_state
from harness.proxies._surroundings import without_checkpoints

Value = TypeVar("Value")


def traced(
    module: nn.Module, nodes: graphs.Nodes, training: bool = False, watch: graphs.Watch | None = None
) -> graphs.Graph:
    """:func:`harness.graphs.trace`; the module's Python state and global generators are left as they were.

    Raises
    ------
    Untraceable
        Also for a module whose forward draws from a global generator: each pass draws anew.
    """
    generators = Generators()
    try:
        with kept_state(module, parts=graphs.split(module, nodes)[0]), without_checkpoints():
            graph = graphs.trace(module, nodes, training, watch)
    finally:
        drew = generators.put_back()
    if drew:
        raise graphs.Untraceable("the module draws random numbers")
    return graph


def evaluate(
    graph: graphs.Graph,
    images: Value,
    apply: Callable[[graphs.Node, Mapping[graphs.Node, Value]], Value],
    kept: graphs.Node | None = None,
) -> dict[graphs.Node, Value]:
    """What ``apply`` makes of the output, and of the node ``kept``.

    Parameters
    ----------
    graph
        Its output, its ReLUs and what they stand on are evaluated, operands first.
    images
        The value of the images' node.
    apply
        Handed a node and the values so far, among them those of the node's inputs.
    kept
        One of the nodes.
    """
    order = graphs.needed([graph])
    last = {operand: node for node in order for operand in node.inputs}
    values = {order[0]: images}
    for node in order[1:]:
        values[node] = apply(node, values)
        for operand in set(node.inputs):
            if last[operand] is node and operand is not kept:
                del values[operand]
    return values


def faster(node: graphs.Node) -> tuple[Callable[..., Tensor], tuple[Any, ...]]:
    """The node's function and operands, or a faster function with the same result."""
    if node.function is F.avg_pool2d and node.operands[1:] == graphs.AVERAGE_3X3:
        return graphs.average_3x3, node.operands[:1]
    return node.function, node.operands
