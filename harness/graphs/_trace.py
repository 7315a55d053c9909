"""Writing down what a module does, by running it on a symbol in place of the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from harness.graphs._node import Graph, Node, Table
from harness.released import block_input

RELUS = (nn.ReLU, nn.ReLU6)


class Untraceable(Exception):
    """The module does something that is not known to be a pure function of each sample by itself."""


def trace(module: nn.Module, table: Table, training: bool = False, blocks: bool = False) -> Graph:
    """The graph of ``module``, its nodes in ``table``; ``training`` is batch normalisation's mode.

    With ``blocks`` its ReLUs are those of :func:`harness.released.block_input` too: one on each such input.

    The module's forward is run once on a symbol. Its operations may be convolutions, linear layers, batch
    normalisations, ReLUs, poolings, sums, products with numbers, zeros, concatenations and cuts of channels
    and flattening; operands besides the images are the module's own parameters and buffers. The
    module is left as it was found.

    Raises
    ------
    Untraceable
        For a module that does anything else, or that carries hooks.
    """
    parts = list(module.modules())
    if any(part._forward_hooks or part._forward_pre_hooks for part in parts):
        raise Untraceable("the module carries forward hooks")
    own = {id(tensor) for part in parts for tensor in (*part._parameters.values(), *part._buffers.values())}
    relus: Counter[Node] = Counter()

    def count(part: nn.Module, arguments: tuple[Any, ...], symbol: Symbol) -> None:
        if symbol.node.function not in (F.relu, F.relu6):
            raise Untraceable("a ReLU module hands out something else than its ReLU")
        relus[symbol.node] += 1

    def count_block(inputs: Symbol) -> None:
        if blocks:
            relus[F.relu(inputs).node] += 1

    with _modes(parts, training), _hooked([part for part in parts if isinstance(part, RELUS)], count):
        try:
            result = module(Symbol(table.images, table, own, training, count_block))
        except Untraceable:
            raise
        except Exception as error:
            raise Untraceable(f"{type(error).__name__}: {error}") from error
    if not isinstance(result, Symbol) or result.node.dim != 2:
        raise Untraceable("the module does not return logits")
    return Graph(result.node, relus, _leads_to(table.images, result.node))


def _leads_to(images: Node, output: Node) -> bool:
    """Whether operations lead from ``images`` to ``output`` that do not multiply by 0."""
    found, waiting = {output}, [output]
    while waiting:
        node = waiting.pop()
        severs = node.function is torch.zeros_like or (node.function is torch.mul and node.operands[1] == 0)
        more = set() if severs else set(node.inputs) - found
        found |= more
        waiting.extend(more)
    return images in found


class Symbol:
    """Stands for a tensor whose samples are its first dimension, while a module's forward is run."""

    def __init__(
        self,
        node: Node,
        table: Table,
        own: set[int],
        training: bool,
        count_block: Callable[[Symbol], None],
    ) -> None:
        self.node = node
        self.training = training
        self._table = table
        self._own = own
        self._count_block = count_block

    @classmethod
    def __torch_function__(
        cls,
        function: Callable,
        types: Sequence[type],
        args: tuple = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Symbol:
        """Called by torch in place of ``function``."""
        symbol = next(_symbols(args))
        return symbol._call(function, args, dict(kwargs or {}))

    def dim(self) -> int:
        """Number of dimensions."""
        return self.node.dim

    def flatten(self, *dims: int) -> Symbol:
        return self._call(torch.flatten, (self, *dims), {})

    def __add__(self, other: Any) -> Symbol:
        return self._call(torch.add, (self, other), {})

    def __radd__(self, other: Any) -> Symbol:
        return self._call(torch.add, (other, self), {})

    def __mul__(self, other: Any) -> Symbol:
        return self._call(torch.mul, (self, other), {})

    def __rmul__(self, other: Any) -> Symbol:
        return self._call(torch.mul, (other, self), {})

    def __bool__(self) -> bool:
        raise Untraceable("the module decides by the values of a tensor")

    def _call(self, function: Callable, args: tuple, kwargs: dict[str, Any]) -> Symbol:
        if function is block_input:
            self._count_block(self)
            return self
        if function not in OPERATIONS:
            raise Untraceable(f"{getattr(function, '__name__', function)} is not a known operation")
        canonical, normalise = OPERATIONS[function]
        operands, dim = normalise(*args, **kwargs)
        node = self._table.node(canonical, tuple(map(self._operand, operands)), dim)
        return Symbol(node, self._table, self._own, self.training, self._count_block)

    def _operand(self, operand: Any) -> Any:
        if isinstance(operand, Symbol):
            return operand.node
        if isinstance(operand, tuple | list):
            return tuple(map(self._operand, operand))
        if isinstance(operand, torch.Tensor) and id(operand) not in self._own:
            raise Untraceable("a tensor that is no parameter or buffer of the module takes part")
        return operand


def _symbols(values: Any) -> Iterator[Symbol]:
    for value in values:
        if isinstance(value, Symbol):
            yield value
        elif isinstance(value, tuple | list):
            yield from _symbols(value)


# How each operation is written down: its positional operands in one fixed order, and the dimensions
# of its result. A signature that does not fit raises TypeError, which makes the module untraceable.


def _relu(x: Symbol, inplace: bool = False) -> tuple[tuple, int]:
    if inplace:
        raise Untraceable("a ReLU overwrites its input")
    return (x,), x.dim()


def _conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return (x, weight, bias, _pair(stride), _pair(padding), _pair(dilation), groups), 4


def _batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    # The module is in evaluation mode here, so that it does not update its running statistics.
    own = training or x.training
    running = (None, None) if own else (running_mean, running_var)
    return (x, *running, weight, bias, own, 0.0, eps), x.dim()


def _avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    kernel = _pair(kernel_size)
    steps = kernel if stride is None else _pair(stride)
    return (x, kernel, steps, _pair(padding), ceil_mode, count_include_pad, divisor_override), 4


def _max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    if return_indices:
        raise Untraceable("a pooling returns indices")
    kernel = _pair(kernel_size)
    steps = kernel if stride is None else _pair(stride)
    return (x, kernel, steps, _pair(padding), _pair(dilation), ceil_mode), 4


def _adaptive_avg_pool2d(x, output_size):
    return (x, _pair(output_size)), 4


def _flatten(x, start_dim=0, end_dim=-1):
    if start_dim != 1 or end_dim not in (-1, x.dim() - 1):
        raise Untraceable("flattening mixes samples, or leaves more than two dimensions")
    return (x, 1), 2


def _linear(x, weight, bias=None):
    return (x, weight, bias), x.dim()


def _two(x, other):
    """A sum of two symbols, or of a symbol and a number; or a product of a symbol and a number."""
    x, other = (x, other) if isinstance(x, Symbol) else (other, x)
    if isinstance(other, Symbol):
        if other.dim() != x.dim():
            raise Untraceable("a sum broadcasts")
    elif not isinstance(other, int | float):
        raise Untraceable("a sum or product with something that is neither a symbol nor a number")
    return (x, other), x.dim()


def _sum(x, other):
    if not (isinstance(x, Symbol) and isinstance(other, Symbol)):
        raise Untraceable("a number is added")
    return _two(x, other)


def _product(x, other):
    if isinstance(x, Symbol) and isinstance(other, Symbol):
        raise Untraceable("two symbols are multiplied")
    return _two(x, other)


def _cat(tensors, dim=0):
    if dim != 1 or not all(isinstance(tensor, Symbol) for tensor in tensors):
        raise Untraceable("something else than channels is concatenated")
    return (tuple(tensors), 1), tensors[0].dim()


def _narrow(x, dim, start, length):
    if dim != 1:
        raise Untraceable("something else than channels is cut")
    return (x, 1, start, length), x.dim()


def _zeros_like(x):
    return (x,), x.dim()


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(isinstance(number, int) for number in pair):
        raise Untraceable(f"{value!r} is not a number of pixels")
    return pair


OPERATIONS: dict[Callable, tuple[Callable, Callable]] = {
    F.relu: (F.relu, _relu),
    F.relu6: (F.relu6, _relu),
    F.conv2d: (F.conv2d, _conv2d),
    F.linear: (F.linear, _linear),
    F.batch_norm: (F.batch_norm, _batch_norm),
    F.avg_pool2d: (F.avg_pool2d, _avg_pool2d),
    F.max_pool2d: (F.max_pool2d, _max_pool2d),
    F.adaptive_avg_pool2d: (F.adaptive_avg_pool2d, _adaptive_avg_pool2d),
    torch.flatten: (torch.flatten, _flatten),
    torch.add: (torch.add, _sum),
    torch.mul: (torch.mul, _product),
    torch.cat: (torch.cat, _cat),
    torch.narrow: (torch.narrow, _narrow),
    torch.zeros_like: (torch.zeros_like, _zeros_like),
}
"""Functions a module may call, the function that is run for it, and how its operands are put in order."""


@contextmanager
def _modes(parts: Sequence[nn.Module], training: bool) -> Iterator[None]:
    """Every part in the mode asked for, batch normalisation excepted: it would update its statistics."""
    modes = [part.training for part in parts]
    try:
        # Past nn.Module's own way of setting attributes, which is slow.
        for part in parts:
            part.__dict__["training"] = training and not isinstance(part, _BatchNorm)
        yield
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.__dict__["training"] = mode


@contextmanager
def _hooked(parts: Sequence[nn.Module], hook: Callable) -> Iterator[None]:
    handles = [part.register_forward_hook(hook) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
