"""Writing down what a module does, by running it on tensors without numbers in place of the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as hooks
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from harness.graphs._known import LOOKS, OPERATIONS, Call, Untraceable
from harness.graphs._node import Graph, Node, Nodes
from harness.graphs._operations import gated
from harness.graphs._replay import Name, Recorder, Recording, split

NodeOf = Callable[[object], Node | None]
"""The node of a tensor that a module is handed or hands out; None for anything else."""


class Watch:
    """Looks on at the parts of a module while it is traced."""

    def before(self, part: nn.Module, arguments: tuple[Any, ...], node_of: NodeOf) -> None:
        """Called before a part is run."""

    def after(self, part: nn.Module, output: object, node_of: NodeOf) -> None:
        """Called when a part has been run."""


def trace(module: nn.Module, nodes: Nodes, training: bool = False, watch: Watch | None = None) -> Graph:
    """The graph of ``module``, its operations among ``nodes``; ``training`` is the mode of all its parts.

    The module's forward is run once, on a plain tensor that has the shape of the images and no
    numbers. Every call into torch is seen, however it is written, and is answered with such a tensor again,
    so that the module finds the types, shapes and modes that it would find. It may call what is in
    :data:`~harness.graphs._known.OPERATIONS`; operands besides the images are its own parameters and buffers.
    A sequence of known layers in this package's networks is run for the first input of a shape alone, and
    written down for further ones by what it did (:mod:`harness.graphs._replay`), unless there is a ``watch``.
    Parameters, buffers and modes are left as they were found. Attributes of the module's own that its forward
    changes, and global random generators, are the caller's to look after.

    Raises
    ------
    Untraceable
        For a module that does anything else: calls another function of torch, reads numbers, overwrites a
        tensor that lies in another one's memory, turns gradients off, carries hooks or is compiled by
        TorchScript; also where the module catches what that raises and goes another way.
    """
    parts, repeated = (list(module.modules()), {}) if watch else split(module, nodes)
    _refuse(parts)
    tracer = _Tracer(nodes, training)
    tracer.know(parts)
    with (
        _modes(parts, training),
        _watched(set(parts), watch, tracer.node_of),
        _instead(repeated, tracer.run),
        torch.enable_grad(),
    ):
        try:
            with tracer:
                result = module(tracer.images)
        except Exception as error:
            tracer.refuse(f"{type(error).__name__}: {error}")
    if tracer.refusal:
        raise Untraceable(tracer.refusal)
    node = tracer.node_of(result)
    if node is None or node.dim != 2:
        raise Untraceable("the module does not return logits that are made of the images")
    return Graph(node, tracer.relus, node.connected, tracer.blocks, tracer.of_pixels)


def _refuse(parts: Sequence[nn.Module]) -> None:
    if hooks._has_any_global_hook() or any(part._forward_hooks or part._forward_pre_hooks for part in parts):
        raise Untraceable("the module carries forward hooks")
    if any(isinstance(part, torch.jit.ScriptModule) for part in parts):
        raise Untraceable("a part of the module is compiled by TorchScript")


class _Tracer(TorchFunctionMode):
    """Stands between a module and torch, writes down its calls and answers them.

    Attributes
    ----------
    images
        The tensor to run the module on.
    relus
        How often a ReLU made each node.
    blocks
        How often each node was a block's input.
    of_pixels
        Whether it convolved to maps of one pixel.
    refusal
        The first reason why the module cannot be traced; empty as long as there is none.
    """

    def __init__(self, nodes: Nodes, training: bool) -> None:
        super().__init__()
        self.relus: Counter[Node] = Counter()
        self.blocks: Counter[Node] = Counter()
        self.of_pixels = False
        self.refusal = ""
        self._nodes = nodes
        self._training = training
        self._given: dict[int, tuple[Tensor, Node, tuple[int, ...]]] = {}
        self._recorder: Recorder | None = None
        self._sharing: set[int] = set()
        self._own: dict[int, torch.dtype] = {}
        self._updated: set[int] = set()
        self._counts: set[int] = set()
        self._blank = torch.empty((), dtype=nodes.dtype, device=nodes.device)
        self.images = self._blank_of(nodes.shape, nodes.images)

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called by torch in place of ``function``."""
        if function in LOOKS:
            return function(*args, **(kwargs or {}))
        if function is Tensor.add_ and id(args[0]) in self._counts:
            return args[0]  # a normalisation counts its batches, which no output hangs on
        try:
            return self._answer(function, args, kwargs or {})
        except Exception as error:
            raise self.refuse(str(error)) from error

    def node_of(self, value: object) -> Node | None:
        """The node of a tensor that was handed out."""
        tensor, node, _ = self._given.get(id(value), _NOTHING)
        return node if tensor is value else None

    def know(self, parts: Iterable[nn.Module]) -> None:
        """Take the tensors of ``parts`` for the module's own."""
        for part in parts:
            for tensor in (*part._parameters.values(), *part._buffers.values()):
                if tensor is not None:
                    self._own[id(tensor)] = tensor.dtype
            if isinstance(part, _BatchNorm):
                self._counts.add(id(part.num_batches_tracked))

    def run(self, part: nn.Module, name: Name, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What ``part`` returns, by running it once and then by what a part of its ``name`` did."""
        tensor, node, shape = self._given.get(id(args[0]), _NOTHING) if args else _NOTHING
        alone = len(args) == 1 and not kwargs and tensor is args[0] and torch.is_grad_enabled()
        if tensor is None or node is None or not alone:
            return self._forward(part, forward, *args, **kwargs)
        state, others = name
        key = (others, shape, self._training, self._nodes.dtype)
        recorded = state.recorded.get(key)
        if recorded is None:
            result, recorded = self._record(Recorder(node), part, forward, tensor)
            state.keep(key, recorded)
            return result
        if recorded.output is None:
            return self._forward(part, forward, tensor)
        made = recorded.replay(node, self._nodes)
        self._did(recorded, made)
        output = made[recorded.output]
        result = tensor if output is node else self._blank_of(recorded.shape, output)
        self._share(*(each for each, does in zip((tensor, result), recorded.shares, strict=True) if does))
        return result

    def _record(
        self, recorder: Recorder, part: nn.Module, forward: Callable[..., Any], tensor: Tensor
    ) -> tuple[Any, Recording]:
        outer, self._recorder = self._recorder, recorder
        try:
            result = self._forward(part, forward, tensor)
        finally:
            self._recorder = outer
        _, output, shape = self._given.get(id(result), _NOTHING)
        shares = id(tensor) in recorder.shared, id(result) in recorder.shared
        recorded = recorder.returned(output, shape, shares)
        if outer:
            outer.shared |= recorder.shared
            outer.include(recorded, recorder.places)
        return result, recorded

    def _did(self, recorded: Recording, made: Sequence[Node]) -> None:
        """Take over what a replayed part did, apart from its nodes."""
        for counter, counted in ((self.relus, recorded.relus), (self.blocks, recorded.blocks)):
            for place, calls in counted.items():
                counter[made[place]] += calls
        self._updated |= recorded.updated
        self.of_pixels |= recorded.of_pixels
        if self._recorder:
            self._recorder.include(recorded, made)

    def _forward(self, part: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a part whose own parts the trace has not looked at."""
        parts, repeated = split(part, self._nodes)
        self.know(parts)
        with _modes(parts, self._training), _instead(repeated, self.run):
            return forward(*args, **kwargs)

    def refuse(self, reason: str) -> Untraceable:
        """Remember the first reason, since the module may catch the exception."""
        self.refusal = self.refusal or reason
        return Untraceable(reason)

    def _answer(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Tensor:
        write = OPERATIONS.get(function)
        if write is None:
            raise Untraceable(f"{getattr(function, '__name__', function)} is not a known operation")
        if not torch.is_grad_enabled():
            raise Untraceable("the module turns gradients off")
        call = write(*args, **kwargs)
        if call.function is F.batch_norm and call.operands[5]:
            updated = {id(tensor) for tensor in args[1:3]}
            self._updated |= updated
            if self._recorder:
                self._recorder.updated |= updated
        operands = tuple(map(self._operand, call.operands))
        if not _sound(call.function, operands):
            raise Untraceable("a tensor takes part that is not made of the images, or a weight that is")
        node = self._nodes.node(call.function, operands, len(call.shape)) if call.function else operands[0]
        if call.relu:
            self.relus[node] += 1
        self.of_pixels |= call.of_pixels
        if call.block:
            self.blocks[node] += 1
        if self._recorder:
            self._recorder.add(call, node)
        return self._result(call, node)

    def _result(self, call: Call, node: Node) -> Tensor:
        first = call.operands[0]
        if call.function is None:
            return first
        if call.overwrites:
            if id(first) in self._sharing:
                raise Untraceable("a tensor is overwritten that lies in another one's memory")
            self._given[id(first)] = first, node, call.shape
            return first
        result = self._blank_of(call.shape, node)
        if call.view:
            self._share(first, result)
        return result

    def _share(self, *tensors: Tensor) -> None:
        """Take note of tensors that may lie in one another's memory."""
        shared = set(map(id, tensors))
        self._sharing |= shared
        if self._recorder:
            self._recorder.shared |= shared

    def _blank_of(self, shape: Sequence[int], node: Node) -> Tensor:
        """A tensor of this shape whose numbers take no room and mean nothing."""
        with torch._C.DisableTorchFunction():
            tensor = self._blank.expand(shape)
        self._given[id(tensor)] = tensor, node, tuple(shape)
        return tensor

    def _operand(self, operand: Any) -> Any:
        if isinstance(operand, Tensor):
            tensor, node, _ = self._given.get(id(operand), _NOTHING)
            return node if tensor is operand else self._own_tensor(operand)
        if type(operand) is tuple and operand and isinstance(operand[0], Tensor):
            return tuple(map(self._operand, operand))
        return operand

    def _own_tensor(self, tensor: Tensor) -> Tensor:
        if self._own.get(id(tensor)) is not self._nodes.dtype:
            raise Untraceable(
                "a tensor takes part that is no parameter or buffer of the images' number format"
            )
        if id(tensor) in self._updated:
            raise Untraceable("running statistics are read after they were updated")
        return tensor


_NOTHING = (None, None, ())
"""What is known of a tensor that was not handed out."""


def _sound(function: Callable[..., Tensor] | None, operands: tuple[Any, ...]) -> bool:
    """Whether what is summed, joined or gated is made of the images, and of other tensors the first alone."""
    if function is torch.cat:
        return all(type(operand) is Node for operand in operands[0])
    made = 2 if function in (torch.add, gated) else 1
    nodes = [type(operand) is Node for operand in operands]
    return all(nodes[:made]) and not any(nodes[made:])


@contextmanager
def _modes(parts: Sequence[nn.Module], training: bool) -> Iterator[None]:
    """Every part in the mode asked for."""
    modes = [part.training for part in parts]
    try:
        # Past nn.Module's own way of setting attributes, which is slow.
        for part in parts:
            part.__dict__["training"] = training
        yield
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.__dict__["training"] = mode


@contextmanager
def _instead(parts: Mapping[nn.Module, Name], run: Callable[..., Any]) -> Iterator[None]:
    """Inside, ``run(part, name, forward, ...)`` stands in the place of the parts' ``forward``."""
    try:
        for part, name in parts.items():
            part.__dict__["forward"] = partial(run, part, name, part.forward)
        yield
    finally:
        for part in parts:
            part.__dict__.pop("forward", None)


@contextmanager
def _watched(parts: set[nn.Module], watch: Watch | None, node_of: NodeOf) -> Iterator[None]:
    """``watch`` looks on; by hooks on all modules there are, as the module itself is to carry none."""
    if watch is None:
        yield
        return

    def before(part: nn.Module, arguments: tuple[Any, ...]) -> None:
        if part in parts:
            watch.before(part, arguments, node_of)

    def after(part: nn.Module, arguments: tuple[Any, ...], output: object) -> None:
        if part in parts:
            watch.after(part, output, node_of)

    handles = [hooks.register_module_forward_pre_hook(before), hooks.register_module_forward_hook(after)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
