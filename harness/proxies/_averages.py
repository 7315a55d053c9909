"""3x3 averages of a pass that keeps its graph, and their gradients: the bits of torch's, in less time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from harness import graphs


class FasterAverages(TorchFunctionMode):
    """Inside, ``F.avg_pool2d`` averages 3x3 pixels by :func:`harness.graphs.average_3x3`.

    Of maps that lie channels last in a CPU's memory: torch takes nearly as long as for a convolution.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called by torch in place of ``function``."""
        kwargs = kwargs or {}
        if function is F.avg_pool2d and args and _is_channels_last(args[0]):
            call = graphs.OPERATIONS[function](*args, **kwargs)
            if call.operands[1:] == graphs.AVERAGE_3X3:
                return _Averages.apply(args[0])
        return function(*args, **kwargs)


def _is_channels_last(x: Tensor) -> bool:
    """Not of one channel or one pixel: what is made of such maps may lie otherwise than torch's."""
    on_cpu = x.device.type == "cpu" and x.ndim == 4
    return on_cpu and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


class _Averages(torch.autograd.Function):
    """Averages with their gradient, of which there is a gradient again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return graphs.average_3x3(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Gradients.apply(gradient.contiguous(memory_format=torch.channels_last))


class _Gradients(torch.autograd.Function):
    """The linear map that brings the gradient of averages to what they are of."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor) -> Tensor:
        return graphs.spread_3x3(gradient)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Averages.apply(gradient.contiguous(memory_format=torch.channels_last))
