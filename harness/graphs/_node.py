"""Nodes: one operation each, made once however often it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from harness.graphs._replay import Split, State


def given(*operands: Any) -> Tensor:
    """Stands in the node of the images, which nothing computes."""
    raise NotImplementedError


class _Input:
    """Stands in the place of a node among an operation's operands."""


INPUT = _Input()


@dataclass(eq=False, slots=True, weakref_slot=True)
class Operation:
    """What a node does to its inputs: its function and operands, with :data:`INPUT` in the place of nodes.

    ``others`` are the operands behind the nodes where these come first, one by one, and None elsewhere.
    ``dim`` is the number of dimensions of the result, and ``severs`` whether it is 0 whatever the inputs are.
    """

    function: Callable[..., Tensor]
    operands: tuple[Any, ...]
    dim: int
    others: tuple[Any, ...] | None
    severs: bool

    def on(self, inputs: tuple[Node, ...]) -> tuple[Any, ...]:
        """The operands with ``inputs`` in their places."""
        if self.others is not None:
            return inputs + self.others
        left = iter(inputs)
        return tuple(
            next(left) if each is INPUT else tuple(islice(left, len(each))) if _holds(each, _Input) else each
            for each in self.operands
        )


GIVEN = Operation(given, (), 0, (), False)
_OPERATIONS: WeakValueDictionary[Hashable, Operation] = WeakValueDictionary()
"""All there are, by function and operands. Tensors are hashed by identity, and the key keeps them alive."""


def operation_of(function: Callable[..., Tensor], operands: tuple[Any, ...], dim: int) -> Operation:
    """The one operation of ``function`` with ``operands``, :data:`INPUT` in the place of nodes."""
    key = (function, operands, dim)
    found = _OPERATIONS.get(key)
    if found is None:
        others = tuple(dropwhile(_is_input, operands))
        first = not any(each is INPUT or _holds(each, _Input) for each in others)
        severs = function is torch.zeros_like or (function is torch.mul and operands[1] == 0)
        found = _OPERATIONS[key] = Operation(function, operands, dim, others if first else None, severs)
    return found


@dataclass(eq=False, slots=True)
class Node:
    """``function(*operands)``; operands are nodes, tensors, plain values and tuples of these.

    ``function`` is :func:`given` for the one node that stands for the images. ``position`` counts the nodes
    of one :class:`Nodes`: a node's operands come before it. ``dim`` is the number of dimensions of the
    result, ``inputs`` are the nodes among the operands. What a :class:`Nodes` made has its ``operation``, and
    is ``connected`` where operations that do not multiply by 0 lead to it from the images.
    """

    position: int
    function: Callable[..., Tensor]
    operands: tuple[Any, ...]
    dim: int
    inputs: tuple[Node, ...]
    operation: Operation = GIVEN
    connected: bool = False


@dataclass(frozen=True)
class Graph:
    """What one network computes.

    Attributes
    ----------
    output
        The logits.
    relus
        How often a ReLU, module or function, makes each node; also where the logits do not depend on it.
    connected
        Whether operations lead from the images to the logits, products with 0 left aside.
    blocks
        How often each node is the input of a block that the code released with Zero-Cost-PT takes for a ReLU
        (:func:`harness.released.block_input`); of a traced graph.
    together
        Whether a result is the network's to the last bit only where all samples run together: a convolution
        of single pixels is a product of matrices, whose sums are ordered by how many samples there are.
    told
        Numbers, int64 of shape (ReLUs,), that are read when the graph is run, in the place of those of
        ``relus`` and in their order.
    """

    output: Node
    relus: Counter[Node]
    connected: bool
    blocks: Counter[Node] = field(default_factory=Counter)
    together: bool = False
    told: Tensor | None = None


class Nodes:
    """All nodes of some graphs of one batch of images; equal operations on equal nodes are one node.

    A tensor among the operands is equal to itself only: it is a parameter or a buffer of a module.

    Attributes
    ----------
    shape, dtype, device
        Those of ``batch``, the images that the graphs are made for.
    images
        The node that stands for them.
    states, splits
        What :mod:`harness.graphs._replay` has found of the modules that are traced, which stay as they are as
        long as this is held.
    lowered, faster
        What :mod:`harness.graphs._lower` puts in the place of nodes, and of operations.
    convolutions, rounded
        What :mod:`harness.graphs._fold` makes of convolutions, by what they are made of, and
        :mod:`harness.graphs._precision` of operations, by their number format.
    """

    def __init__(self, batch: Tensor) -> None:
        self.shape, self.dtype, self.device = batch.shape, batch.dtype, batch.device
        self.images = Node(0, given, (), batch.ndim, (), connected=True)
        self.states: dict[nn.Module, State | None] = {}
        self.splits: dict[nn.Module, Split] = {}
        self.lowered: dict[Node, Node] = {self.images: self.images}
        self.faster: dict[Operation, Operation] = {}
        self.convolutions: dict[Hashable, Operation] = {}
        self.rounded: dict[tuple[Operation, torch.dtype], Operation] = {}
        self._nodes: dict[tuple[Operation, tuple[Node, ...]], Node] = {}
        self._constants: dict[Hashable, Any] = {}

    def node(self, function: Callable[..., Tensor], operands: tuple[Any, ...], dim: int) -> Node:
        """The node of ``function`` on ``operands``, made if it is not there yet."""
        inputs: list[Node] = []
        form: list[Any] = []
        for operand in operands:
            if type(operand) is Node:
                inputs.append(operand)
                form.append(INPUT)
            elif _holds(operand, Node):
                inputs += operand
                form.append((INPUT,) * len(operand))
            else:
                form.append(operand)
        return self.of(operation_of(function, tuple(form), dim), tuple(inputs))

    def of(self, operation: Operation, inputs: tuple[Node, ...]) -> Node:
        """The node of ``operation`` on ``inputs``."""
        key = (operation, inputs)
        found = self._nodes.get(key)
        if found is None:
            connected = not operation.severs and any([node.connected for node in inputs])
            found = self._nodes[key] = Node(
                len(self._nodes) + 1,
                operation.function,
                operation.on(inputs),
                operation.dim,
                inputs,
                operation,
                connected,
            )
        return found

    def constant(self, make: Callable[..., Any], *operands: Any) -> Any:
        """``make(*operands)``, which holds no node, computed once."""
        key = (make, operands)
        if key not in self._constants:
            self._constants[key] = make(*operands)
        return self._constants[key]


def needed(graphs: Sequence[Graph], known: Container[Node] = ()) -> list[Node]:
    """The nodes that outputs and counted ReLUs stand on, and the images', operands first.

    Without those that are ``known`` and what these stand on.
    """
    found: set[Node] = set()
    waiting = [node for graph in graphs for node in (graph.output, *graph.relus)]
    while waiting:
        node = waiting.pop()
        if node not in found and node not in known:
            found.add(node)
            waiting.extend(node.inputs)
    return sorted(found, key=attrgetter("position"))


def replaced(operands: tuple[Any, ...], by: Mapping[Node, Any]) -> tuple[Any, ...]:
    """The operands with ``by[node]`` in the place of every node."""
    return tuple(
        [
            by[operand]
            if type(operand) is Node
            else (replaced(operand, by) if _holds_nodes(operand) else operand)
            for operand in operands
        ]
    )


def _holds_nodes(operand: Any) -> bool:
    """Whether it is a tuple of nodes; no tuple holds nodes beside something else."""
    return _holds(operand, Node)


def _holds(operand: Any, kind: type) -> bool:
    return type(operand) is tuple and len(operand) > 0 and type(operand[0]) is kind


def _is_input(operand: Any) -> bool:
    return operand is INPUT
