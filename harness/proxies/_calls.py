"""The operations of a forward pass that keeps its graph, written down while it runs."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from harness import graphs
from harness.graphs import LOOKS, OPERATIONS, Call, Node

_SEVERAL = (torch.add, torch.cat, graphs.gated)
"""Functions that more than one operand's numbers go into; of the others it is the first operand's alone."""
_OF_RESULT = (F.relu, F.relu6)
"""Functions whose derivative is known from their result, which may lie where the operand lay."""
_OF_OPERANDS: dict[Callable[..., Any] | None, int] = {
    **dict.fromkeys((F.conv2d, F.linear, F.batch_norm, F.max_pool2d), 1),
    **dict.fromkeys((F.silu, F.hardswish, F.hardsigmoid, torch.sigmoid, Tensor.sigmoid), 1),
    graphs.gated: 2,
}
"""Of how many of their operands the numbers are needed for the derivative, of functions that need any."""
_Version = tuple[Tensor, int]
_Written = tuple[Call | None, tuple[Any, ...], list[_Version]]
_NOTHING: _Written = (None, (), [])


class Calls(TorchFunctionMode):
    """Inside, every call of torch that something with a gradient takes part in is written down and run.

    What numbers are kept are those that autograd keeps for its backward pass as well.

    Attributes
    ----------
    nodes
        The operations in the order of their calls, one for every call; what no gradient leads to stands among
        them as :func:`harness.graphs.given`.
    shapes, edges
        By node the result's shape, and where in autograd's graph its gradient arrives.
    readers, scales
        How often each node's result is read, and by ``id`` of a batch norm's weight how often that is.
    """

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.shapes: dict[Node, torch.Size] = {}
        self.edges: dict[Node, GradientEdge] = {}
        self.readers: Counter[Node] = Counter()
        self.scales: Counter[int] = Counter()
        self._refusal = ""
        self._output: Node | None = None
        self._kept: dict[Node, list[_Version]] = {}
        self._made: dict[int, tuple[weakref.ref[Tensor], int, Node]] = {}
        self._new(graphs.given, (), images)

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called by torch in place of ``function``."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            watched = not self._refusal and function not in LOOKS and _differentiable(args, kwargs)
            call, operands, values = self._written(function, args, kwargs) if watched else _NOTHING
        result = function(*args, **kwargs)
        if watched:
            with torch._C.DisableTorchFunction():
                try:
                    self._note(function, args, call, operands, values, result)
                except Exception as error:
                    self._refuse(error)
        return result

    def end(self, logits: Tensor) -> None:
        """Be told what the pass has returned."""
        self._output = self._node(logits)
        if self._output is not None:
            self.readers[self._output] += 1

    @property
    def known(self) -> bool:
        """Whether all that the logits are made of is."""
        return not self._refusal and self._output is not None

    @property
    def output(self) -> Node:
        """The operation that made the logits.

        Raises
        ------
        Untraceable
            Where that is not known, or something was done on the way that is not.
        """
        if not self.known or self._output is None:
            raise graphs.Untraceable(self._refusal or "the logits are no result of a known operation")
        return self._output

    def kept(self, node: Node) -> list[Tensor]:
        """The numbers of its operands, or of its result, that the node's derivative is known from.

        Raises
        ------
        Untraceable
            Where they have been overwritten.
        """
        found = self._kept[node]
        if any(tensor._version != version for tensor, version in found):
            raise graphs.Untraceable("numbers were overwritten that a derivative is made of")
        return [tensor for tensor, _ in found]

    def statistics(self, norm: Node) -> tuple[Tensor, Tensor]:
        """Means of a batch norm's input, and one over its deviations with eps, as autograd keeps them."""
        made_by: Any = self.edges[norm].node
        if made_by.name() == "NativeBatchNormBackward0":
            return made_by._saved_result1, made_by._saved_result2
        (x,) = self.kept(norm)
        mean, variance = torch.ops.aten.batch_norm_update_stats(x.detach(), None, None, 0.0)
        return mean, (variance + norm.operands[7]).rsqrt()

    def _written(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> _Written:
        """The call in the known form, its operands with nodes for results, and the numbers to be kept."""
        write = OPERATIONS.get(function)
        if write is None:
            return _NOTHING
        try:
            call = write(*args, **kwargs)
            operands = tuple(self._operand(call, place, each) for place, each in enumerate(call.operands))
        except Exception as error:
            self._refuse(error)
            return _NOTHING
        kept = call.operands[: _OF_OPERANDS.get(call.function, 0)]
        return call, operands, [(each, each._version) for each in kept]

    def _refuse(self, error: Exception) -> None:
        """Write down no more: that is nothing to the pass and its other readers."""
        self._refusal = f"{type(error).__name__}: {error}"

    def _operand(self, call: Call, place: int, operand: Any) -> Any:
        if type(operand) is tuple and operand and isinstance(operand[0], Tensor):
            return tuple(self._value(each) for each in operand)
        if not isinstance(operand, Tensor):
            return operand
        if place == 0 or call.function in _SEVERAL:
            return self._value(operand)
        if operand.requires_grad and not operand.is_leaf:
            raise graphs.Untraceable("a layer's weight is computed from others")
        return operand

    def _value(self, tensor: Tensor) -> Node:
        node = self._node(tensor)
        if node is not None:
            return node
        if tensor.requires_grad:
            raise graphs.Untraceable("numbers take part that no known operation made")
        return self._new(graphs.given, (), tensor)

    def _node(self, tensor: Tensor) -> Node | None:
        made = self._made.get(id(tensor))
        return made[2] if made and made[0]() is tensor and made[1] == tensor._version else None

    def _new(self, function: Callable[..., Any], operands: tuple[Any, ...], result: Tensor) -> Node:
        inputs = tuple(each for operand in operands for each in _nodes(operand))
        node = Node(len(self.nodes), function, operands, result.dim(), inputs)
        self.nodes.append(node)
        self.shapes[node] = result.shape
        self.readers.update(inputs)
        if function is F.batch_norm:
            self.scales[id(operands[3])] += 1
        self._made[id(result)] = weakref.ref(result), result._version, node
        return node

    def _note(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        call: Call | None,
        operands: tuple[Any, ...],
        kept: list[_Version],
        result: Any,
    ) -> None:
        """Remember what the call made; nothing where no gradient leads to it."""
        if self._refusal:
            return
        if call is None:
            node = self._node(args[0]) if function is Tensor.clone else None
            if node is not None:
                self._made[id(result)] = weakref.ref(result), result._version, node
            elif function is Tensor.register_hook or any(each.requires_grad for each in _tensors(result)):
                self._refusal = f"{getattr(function, '__name__', function)} is not a known operation"
        elif call.function is None:
            self._made[id(result)] = weakref.ref(result), result._version, operands[0]
        elif result.requires_grad:
            node = self._new(call.function, operands, result)
            self.edges[node] = get_gradient_edge(result)
            self._kept[node] = [(result, result._version)] if call.function in _OF_RESULT else kept


def _differentiable(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    return any(each.requires_grad for arg in (*args, *kwargs.values()) for each in _tensors(arg))


def _tensors(thing: Any) -> Sequence[Tensor]:
    if isinstance(thing, Tensor):
        return (thing,)
    return [each for each in thing if isinstance(each, Tensor)] if isinstance(thing, tuple | list) else ()


def _nodes(operand: Any) -> Sequence[Node]:
    if isinstance(operand, Node):
        return (operand,)
    return [each for each in operand if isinstance(each, Node)] if type(operand) is tuple else ()
