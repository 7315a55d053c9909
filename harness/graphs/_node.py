"""Nodes: one operation each, made once however often it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

if TYPE_CHECKING:
    from harness.graphs._replay import Recording


def given(*operands: Any) -> Tensor:
    """Stands in the node of the images, which nothing computes."""
    raise NotImplementedError


@dataclass(eq=False, slots=True)
class Node:
    """``function(*operands)``; operands are nodes, tensors, plain values and tuples of these.

    ``function`` is :func:`given` for the one node that stands for the images. ``position`` counts the nodes
    of one :class:`Nodes`: a node's operands come before it. ``dim`` is the number of dimensions of the
    result, ``inputs`` are the nodes among the operands.
    """

    position: int
    function: Callable[..., Tensor]
    operands: tuple[Any, ...]
    dim: int
    inputs: tuple[Node, ...]


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
    """

    output: Node
    relus: Counter[Node]
    connected: bool
    blocks: Counter[Node] = field(default_factory=Counter)
    together: bool = False


class Nodes:
    """All nodes of some graphs of one batch of images; equal operations are one node.

    A tensor among the operands is equal to itself only: it is a parameter or a buffer of a module.

    Attributes
    ----------
    shape, dtype, device
        Those of ``batch``, the images that the graphs are made for.
    images
        The node that stands for them.
    known, recorded
        What :mod:`harness.graphs._replay` keeps of the modules that are traced, which stay as they are as
        long as this is held: whether a part is of known layers, and what it did, by the shape of its input
        and its mode.
    """

    def __init__(self, batch: Tensor) -> None:
        self.shape, self.dtype, self.device = batch.shape, batch.dtype, batch.device
        self.images = Node(0, given, (), batch.ndim, ())
        self.known: dict[nn.Module, bool] = {}
        self.recorded: dict[tuple[nn.Module, tuple[int, ...], bool], Recording] = {}
        self._nodes: dict[Hashable, Node] = {}
        self._constants: dict[Hashable, Any] = {}

    def node(self, function: Callable[..., Tensor], operands: tuple[Any, ...], dim: int) -> Node:
        """The node of ``function`` on ``operands``, made if it is not there yet."""
        # Nodes and tensors are hashed by identity, and the key keeps them alive.
        key = (function, operands)
        found = self._nodes.get(key)
        if found is None:
            found = Node(len(self._nodes) + 1, function, operands, dim, tuple(_inputs(operands)))
            self._nodes[key] = found
        return found

    def constant(self, make: Callable[..., Any], *operands: Any) -> Any:
        """``make(*operands)``, which holds no node, computed once."""
        key = (make, operands)
        if key not in self._constants:
            self._constants[key] = make(*operands)
        return self._constants[key]


def needed(graphs: Sequence[Graph]) -> list[Node]:
    """The nodes that outputs and counted ReLUs stand on, and the images', operands first."""
    found: set[Node] = set()
    waiting = [node for graph in graphs for node in (graph.output, *graph.relus)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.inputs)
    return sorted(found, key=lambda node: node.position)


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


def _inputs(operands: Iterable[Any]) -> Iterator[Node]:
    for operand in operands:
        if type(operand) is Node:
            yield operand
        elif _holds_nodes(operand):
            yield from operand


def _holds_nodes(operand: Any) -> bool:
    """Whether it is a tuple of nodes; no tuple holds nodes beside something else."""
    return type(operand) is tuple and len(operand) > 0 and type(operand[0]) is Node
