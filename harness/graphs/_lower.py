"""Rewriting a traced graph to the operations that are run, with the same result to the last bit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._node import Graph, Node, Nodes, needed, replaced
from harness.graphs._operations import average_3x3, maximum_3x3, scale

MAXIMUM_3X3 = ((3, 3), (1, 1), (1, 1), (1, 1), False)
AVERAGE_3X3 = ((3, 3), (1, 1), (1, 1), False, False, None)
"""Operands behind the input of the poolings that have a faster form."""


def lower(traced: Graph, nodes: Nodes) -> Graph:
    """The graph to run instead of ``traced``: each node's result is the same to the last bit.

    A term of a sum that is multiplied by 0 is left out: it changes nothing where it is finite.
    """
    lowered = {nodes.images: nodes.images}
    for node in needed([traced]):
        if node is not nodes.images:
            operands = replaced(node.operands, lowered)
            lowered[node] = _lower(node, operands, nodes)
    relus: Counter[Node] = Counter()
    for node, calls in traced.relus.items():
        relus[lowered[node]] += calls
    return Graph(lowered[traced.output], relus, traced.connected, together=traced.together)


def _lower(node: Node, operands: tuple[Any, ...], nodes: Nodes) -> Node:
    # On a GPU the question whether anything is added would have to wait for its answer.
    if node.function is F.batch_norm and _is_affine(node, operands):
        factor, shift = nodes.constant(affine, *operands[1:5], operands[7])
        if not shift.any():
            return nodes.node(scale, (operands[0], nodes.constant(_plain, factor)), node.dim)
    if node.function is torch.add and _is_zero(operands[1]):
        return operands[0]
    return pooling(node, operands, nodes) or nodes.node(node.function, operands, node.dim)


def _is_affine(node: Node, operands: tuple[Any, ...]) -> bool:
    """Whether it normalises maps on a CPU by running statistics."""
    return node.dim == 4 and not operands[5] and operands[1].device.type == "cpu"


def pooling(node: Node, operands: tuple[Any, ...], nodes: Nodes) -> Node | None:
    """The faster form of a 3x3 pooling, None for any other node."""
    if node.function is F.max_pool2d and operands[1:] == MAXIMUM_3X3:
        return nodes.node(maximum_3x3, operands[:1], node.dim)
    if node.function is F.avg_pool2d and operands[1:] == AVERAGE_3X3:
        return nodes.node(average_3x3, operands[:1], node.dim)
    return None


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


def _is_zero(operand: Any) -> bool:
    return isinstance(operand, Node) and operand.function is torch.mul and operand.operands[1] == 0
