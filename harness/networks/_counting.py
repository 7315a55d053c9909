"""Counting parameters and multiply-accumulates of any module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from harness.networks._modes import in_mode
from harness.networks._parts import parameters_in, parts_of

_BATCH = 2
"""Two images, because a normalisation without running statistics refuses one value per channel."""
_aten = torch.ops.aten
_LAYERS = {_aten.convolution, _aten._convolution, _aten.mm, _aten.addmm}
_PRODUCTS = {_aten.bmm, _aten.baddbmm}
"""Of these only the products with a parameter count: a layer's, not those of queries and keys."""


def count_parameters(module: nn.Module) -> int:
    """Entries of all parameters, frozen or not, each shared one once; buffers do not count.

    Examples
    --------
    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return count_parameters_in(parts_of(module))


def count_parameters_in(parts: Iterable[nn.Module]) -> int:
    """:func:`count_parameters` of a module with these parts."""
    return sum(map(Tensor.numel, parameters_in(parts)))


def count_flops(module: nn.Module, image_size: int | Sequence[int], channels: int = 3) -> int:
    """Multiply-accumulates for one image in the convolutions and linear layers that run.

    As PyTorch's own counter has them, half of its floating-point operations: a convolution of any dimension
    ``H' W' C' (C / groups) k_h k_w``, a transposed one the same with the size of its input, a linear layer
    ``inputs x outputs`` for every place that it is applied to. Whatever has weights counts alike, as a module
    or as a function; so do attention's projections. Products of two activations, such as attention's of
    queries and keys, count nothing; neither do biases, normalisations, poolings and additions. A layer that
    runs twice counts twice, one that never runs counts nothing. The numbers come from a pass of black
    images in evaluation mode with copied buffers, on the module's own device; nothing of the module changes.

    Parameters
    ----------
    module
        Takes images ``(B, channels, *image_size)``.
    image_size
        Height and width in pixels, or one number for both; any other number of sizes where the module takes
        other images, none for vectors.
    channels
        Colour channels of the images, or entries of vectors.
    """
    sizes = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    reference = next(module.parameters(), torch.empty(0))
    images = reference.new_zeros(_BATCH, channels, *sizes)
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    counter = _Counter(module)
    with (
        in_mode(module, training=False),
        torch.no_grad(),
        torch.random.fork_rng(devices=[]),
        _slow_attention(),
        counter,
    ):
        functional_call(module, buffers, (images,))
    return counter.operations // (2 * _BATCH)


class _Counter(TorchDispatchMode):
    """Adds up the floating-point operations of layers by PyTorch's formulas.

    ``FlopCounterMode`` does it for every module by itself, which takes three times as long.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.operations = 0
        own = parameters_in(parts_of(module))
        self._weights = {parameter.untyped_storage()._cdata for parameter in own}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: for that torch loads its compiler, which takes as long as loading torch itself."""
        return False

    def __torch_dispatch__(
        self,
        function: Any,
        types: Sequence[type],
        arguments: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        result = function(*arguments, **(keywords or {}))
        name = function._overloadpacket
        if name in _LAYERS or (name in _PRODUCTS and any(map(self._is_weight, arguments))):
            formula = flop_registry[
                name
            ].__wrapped__  # of shapes, where the outer one walks through all it is given
            shapes = [each.shape if isinstance(each, Tensor) else each for each in arguments]
            self.operations += formula(*shapes, out_shape=result.shape)
        return result

    def _is_weight(self, operand: object) -> bool:
        return isinstance(operand, Tensor) and operand.untyped_storage()._cdata in self._weights


@contextmanager
def _slow_attention() -> Iterator[None]:
    """Attention in evaluation mode is else one operation that nothing is known of."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
