"""The functions of torch that a traced module may call, and how each call is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._operations import gated, scale
from harness.released import block_input
from harness.switches import switched

Pixels = int | Sequence[int]
"""Of a height and a width, or of both the same."""


class Untraceable(Exception):
    """The module does something that is not known to be a pure function of each sample by itself."""


@dataclass(slots=True)
class Call:
    """One call, written down.

    Attributes
    ----------
    function, operands
        What is run for it and its positional operands in one fixed order; ``function`` is None where the
        only operand itself is handed out.
    shape
        Of the result, the samples first.
    relu
        Whether it is a ReLU.
    overwrites
        Whether it writes the result over its first operand.
    view
        Whether the result may lie in the memory of the first operand.
    block
        Whether its operand is a block's input, :func:`harness.released.block_input`.
    """

    function: Callable[..., Tensor] | None
    operands: tuple[Any, ...]
    shape: tuple[int, ...]
    relu: bool = False
    overwrites: bool = False
    view: bool = False
    block: bool = False

    @property
    def of_pixels(self) -> bool:
        """Whether it convolves to maps of one pixel."""
        return self.function is F.conv2d and self.shape[2:] == (1, 1)


# Each takes what the function takes; a signature that does not fit raises TypeError.


def _relu(x: Tensor, inplace: bool = False) -> Call:
    return Call(F.relu, (x,), x.shape, relu=True, overwrites=inplace)


def _bent(function: Callable[..., Tensor], x: Tensor, inplace: bool = False) -> Call:
    """An activation that is no ReLU, or a gate: every number by itself."""
    return Call(function, (x,), x.shape, overwrites=inplace)


def _relu6(x: Tensor, inplace: bool = False) -> Call:
    return Call(F.relu6, (x,), x.shape, relu=True, overwrites=inplace)


def _hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Call:
    _require((min_val, max_val) == (0, 6), "a Hardtanh that is no ReLU6")
    return _relu6(x, inplace)


def _conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pixels = 1,
    padding: Pixels = 0,
    dilation: Pixels = 1,
    groups: int = 1,
) -> Call:
    _require(x.ndim == 4 and x.shape[1] == weight.shape[1] * groups, "a convolution of other channels")
    steps, around, spread = _pair(stride), _pair(padding), _pair(dilation)
    pixels = _pixels(x, _spans(weight.shape[2:], spread), steps, around)
    operands = (x, weight, bias, steps, around, spread, groups)
    return Call(F.conv2d, operands, (len(x), weight.shape[0], *pixels))


def _batch_norm(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Call:
    _require(x.ndim >= 2, "a normalisation of single numbers")
    running = (None, None) if training else (running_mean, running_var)
    return Call(F.batch_norm, (x, *running, weight, bias, bool(training), 0.0, eps), x.shape)


def _avg_pool2d(
    x: Tensor,
    kernel_size: Pixels,
    stride: Pixels | None = None,
    padding: Pixels = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Call:
    kernel, around = _pair(kernel_size), _pair(padding)
    steps = kernel if stride is None else _pair(stride)
    pixels = _pixels(x, kernel, steps, around, ceil_mode)
    operands = (x, kernel, steps, around, ceil_mode, count_include_pad, divisor_override)
    return Call(F.avg_pool2d, operands, (*x.shape[:2], *pixels))


def _max_pool2d(
    x: Tensor,
    kernel_size: Pixels,
    stride: Pixels | None = None,
    padding: Pixels = 0,
    dilation: Pixels = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Call:
    _require(not return_indices, "a pooling that returns indices")
    kernel, around, spread = _pair(kernel_size), _pair(padding), _pair(dilation)
    steps = kernel if stride is None else _pair(stride)
    pixels = _pixels(x, _spans(kernel, spread), steps, around, ceil_mode)
    return Call(F.max_pool2d, (x, kernel, steps, around, spread, ceil_mode), (*x.shape[:2], *pixels))


def _adaptive_avg_pool2d(x: Tensor, output_size: Pixels) -> Call:
    _require(x.ndim == 4, "a pooling of something else than maps")
    pixels = _pair(output_size)
    return Call(F.adaptive_avg_pool2d, (x, pixels), (*x.shape[:2], *pixels))


def _mean(x: Tensor, dim: Pixels | None = None, keepdim: bool = False) -> Call:
    axes = dim if isinstance(dim, Sequence) else ()
    _require(
        x.ndim == 4 and sorted(axis % 4 for axis in axes) == [2, 3], "a mean over other axes than pixels"
    )
    return Call(torch.mean, (x, (2, 3), keepdim), (*x.shape[:2], *((1, 1) if keepdim else ())))


def _flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Call:
    _require(start_dim == 1 and end_dim in (-1, x.ndim - 1), "flattening that joins samples, or a part")
    return _as_rows(x)


def _reshape(x: Tensor, *shape: Any) -> Call:
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    rows = len(sizes) == 2 and sizes[0] == len(x) and sizes[1] in (-1, x[0].numel())
    _require(rows, "a shape other than (samples, all the rest)")
    return _as_rows(x)


def _as_rows(x: Tensor) -> Call:
    return Call(torch.flatten, (x, 1), (len(x), x[0].numel()), view=True)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Call:
    _require(x.ndim >= 2 and x.shape[-1] == weight.shape[1], "a linear layer of other inputs")
    return Call(F.linear, (x, weight, bias), (*x.shape[:-1], weight.shape[0]))


def _add(x: Tensor, other: Tensor, *, alpha: float = 1, overwrites: bool = False) -> Call:
    _require(isinstance(x, Tensor) and isinstance(other, Tensor) and alpha == 1, "a sum with a number")
    _require(x.shape == other.shape, "a sum that broadcasts")
    return Call(torch.add, (x, other), x.shape, overwrites=overwrites)


def _mul(x: Any, other: Any, *, overwrites: bool = False) -> Call:
    x, other = (x, other) if isinstance(x, Tensor) else (other, x)
    if isinstance(other, Tensor):
        return _gated(x, other, overwrites)
    _require(type(other) in (int, float), "a product with something else than a number")
    return Call(torch.mul, (x, other), x.shape, overwrites=overwrites)


def _gated(x: Tensor, gates: Tensor, overwrites: bool) -> Call:
    if gates.shape != (*x.shape[:2], 1, 1) and not overwrites:
        x, gates = gates, x
    _require(x.ndim == 4 and gates.shape == (*x.shape[:2], 1, 1), "a product other than of maps and gates")
    return Call(gated, (x, gates), x.shape, overwrites=overwrites)


def _cat(tensors: Sequence[Tensor], dim: int = 0) -> Call:
    first = tensors[0].shape
    rest = [(len(each), *each.shape[2:]) for each in tensors]
    _require(dim in (1, 1 - len(first)), "a concatenation of something else than channels")
    _require(all(each == (first[0], *first[2:]) for each in rest), "a concatenation of different sizes")
    return Call(
        torch.cat, (tuple(tensors), 1), (first[0], sum(each.shape[1] for each in tensors), *first[2:])
    )


def _narrow(x: Tensor, dim: int, start: int, length: int) -> Call:
    whole = 1 <= dim < x.ndim and type(start) is int and 0 <= start <= start + length <= x.shape[dim]
    _require(whole, "something else than channels or pixels is cut")
    shape = (*x.shape[:dim], length, *x.shape[dim + 1 :])
    return Call(torch.narrow, (x, dim, start, length), shape, view=True)


def _zeros_like(x: Tensor) -> Call:
    return Call(torch.zeros_like, (x,), x.shape)


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Call:
    _require(not training, "dropout")
    return Call(None, (x,), x.shape)


def _block_input(x: Tensor) -> Call:
    return Call(None, (x,), x.shape, block=True)


def _switched(x: Tensor, switch: Tensor) -> Call:
    return Call(scale, (x, switch), x.shape)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Untraceable(f"the module uses {otherwise}")


def _pair(value: Pixels) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not isinstance(pair[0], int) or not isinstance(pair[1], int):
        raise Untraceable(f"{value!r} is not a number of pixels")
    return pair


def _spans(sizes: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """Pixels from the first to the last that a window of these sizes sees."""
    return [(size - 1) * gap + 1 for size, gap in zip(sizes, dilation, strict=True)]


def _pixels(
    x: Tensor, spans: Sequence[int], steps: Sequence[int], around: Sequence[int], ceil_mode: bool = False
) -> list[int]:
    """Height and width of what a window that slides over the maps ``x`` makes of them."""
    _require(x.ndim == 4, "a window on something else than maps")
    found = []
    for size, span, step, pad in zip(x.shape[2:], spans, steps, around, strict=True):
        room = size + 2 * pad - span
        _require(room >= 0, "a window larger than the map")
        places = -(-room // step) + 1 if ceil_mode else room // step + 1
        if ceil_mode and (places - 1) * step >= size + pad:  # a window that begins beyond the map is left out
            places -= 1
        found.append(places)
    return found


OPERATIONS: dict[Callable[..., Any], Callable[..., Call]] = {
    F.relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
    torch.relu_: partial(_relu, inplace=True),
    Tensor.relu_: partial(_relu, inplace=True),
    F.relu6: _relu6,
    F.hardtanh: _hardtanh,
    F.hardtanh_: partial(_hardtanh, inplace=True),
    **{
        function: partial(_bent, function)
        for function in (F.silu, F.hardswish, F.hardsigmoid, torch.sigmoid, Tensor.sigmoid)
    },
    F.conv2d: _conv2d,
    F.linear: _linear,
    F.batch_norm: _batch_norm,
    F.avg_pool2d: _avg_pool2d,
    F.max_pool2d: _max_pool2d,
    F.adaptive_avg_pool2d: _adaptive_avg_pool2d,
    torch.mean: _mean,
    Tensor.mean: _mean,
    torch.flatten: _flatten,
    Tensor.flatten: _flatten,
    Tensor.view: _reshape,
    Tensor.reshape: _reshape,
    torch.reshape: _reshape,
    torch.add: _add,
    Tensor.add: _add,
    Tensor.add_: partial(_add, overwrites=True),
    torch.mul: _mul,
    Tensor.mul: _mul,
    Tensor.mul_: partial(_mul, overwrites=True),
    torch.cat: _cat,
    torch.narrow: _narrow,
    Tensor.narrow: _narrow,
    torch.zeros_like: _zeros_like,
    F.dropout: _dropout,
    F.dropout2d: _dropout,
    block_input: _block_input,
    switched: _switched,
}
"""Functions a module may call, and what writes such a call down."""

LOOKS = frozenset(
    {
        Tensor.dim,
        Tensor.size,
        Tensor.numel,
        Tensor.__len__,
        Tensor.is_floating_point,
        *(getattr(Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "device", "is_cuda")),
    }
)
"""Functions that tell the same of a tensor without numbers."""
