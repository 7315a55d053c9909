"""Rewriting a traced graph to the operations that are run, with the same result to the last bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._node import INPUT, Graph, Node, Nodes, Operation, needed, operation_of
from harness.graphs._operations import average_3x3, maximum_3x3, scale

MAXIMUM_3X3 = ((3, 3), (1, 1), (1, 1), (1, 1), False)
AVERAGE_3X3 = ((3, 3), (1, 1), (1, 1), False, False, None)
"""Operands behind the input of the poolings that have a faster form."""
_POOLINGS: Mapping[Hashable, Callable[[Tensor], Tensor]] = {
    (F.max_pool2d, MAXIMUM_3X3): maximum_3x3,
    (F.avg_pool2d, AVERAGE_3X3): average_3x3,
}


def lower(traced: Graph, nodes: Nodes) -> Graph:
    """The graph to run instead of ``traced``: each node's result is the same to the last bit.

    A term of a sum that is multiplied by 0 is left out: it changes nothing where it is finite.
    """
    lowered, faster = nodes.lowered, nodes.faster
    for node in needed([traced], lowered):
        inputs = tuple([lowered[each] for each in node.inputs])
        if node.function is torch.add and _is_zero(inputs[1]):
            lowered[node] = inputs[0]
            continue
        operation = faster.get(node.operation)
        if operation is None:
            operation = faster[node.operation] = _faster(node.operation, nodes)
        lowered[node] = nodes.of(operation, inputs)
    relus: Counter[Node] = Counter()
    for node, calls in traced.relus.items():
        relus[lowered[node]] += calls
    return Graph(lowered[traced.output], relus, traced.connected, together=traced.together)


def _faster(operation: Operation, nodes: Nodes) -> Operation:
    """What is run in the place of an operation, whatever its input is."""
    # On a GPU the question whether anything is added would have to wait for its answer.
    if operation.function is F.batch_norm and _is_affine(operation):
        factor, shift = nodes.constant(affine, *operation.operands[1:5], operation.operands[7])
        if not shift.any():
            return operation_of(scale, (INPUT, nodes.constant(_plain, factor)), operation.dim)
    return pooling(operation)


def _is_affine(operation: Operation) -> bool:
    """Whether it normalises maps on a CPU by running statistics."""
    mean, training = operation.operands[1], operation.operands[5]
    return operation.dim == 4 and not training and mean.device.type == "cpu"


def pooling(operation: Operation) -> Operation:
    """The faster form of a 3x3 pooling, and any other operation itself."""
    fast = _POOLINGS.get((operation.function, operation.operands[1:]))
    return operation_of(fast, (INPUT,), operation.dim) if fast else operation


def affine(
    mean: Tensor, variance: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor]:
    """What batch normalisation with running statistics multiplies a channel by, and adds; (C,) each.

    The factors are torch's own to the last bit where nothing is added: they are what it makes of ones.
    """

    def normalised(value: float) -> Tensor:
        image = torch.full_like(mean, value)[None, :, None, None]
        return F.batch_norm(image, mean, variance, weight, bias, False, 0.0, eps).flatten()

    with torch.no_grad():
        shift = normalised(0.0)
        return normalised(1.0) - shift, shift


def _plain(factors: Tensor) -> float | Tensor:
    """One number where all channels have the same factor, or factors to multiply images by."""
    same = bool((factors == factors[0]).all())
    return float(factors[0]) if same else factors[None, :, None, None]


def _is_zero(node: Node) -> bool:
    return node.function is torch.mul and node.operands[1] == 0
