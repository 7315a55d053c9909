"""What operations run, seen below every module, function and method: ReLUs and matrix products."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


SMOOTH = (
    aten.silu, aten.silu_, aten.hardswish, aten.hardswish_, aten.gelu, aten.mish, aten.elu, aten.elu_,
    aten.celu, aten.selu, aten.leaky_relu, aten.leaky_relu_, aten._prelu_kernel,
)  # fmt: skip


class ReluSigns(TorchDispatchMode):
    """Collects where every ReLU's input is positive; a bounded one has the lower bound 0.

    With ``smooth`` the inputs of other activations too.
    """

    def __init__(self, smooth: bool = False) -> None:
        super().__init__()
        self._smooth = smooth
        self.signs: list[Tensor] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        bounded = function in (aten.hardtanh.default, aten.hardtanh_.default)
        relu = function in (aten.relu.default, aten.relu_.default) or (bounded and [*args[1:2], -1][0] == 0)
        if relu or (self._smooth and function.overloadpacket in SMOOTH):
            self.signs.append(args[0].detach() > 0)
        return function(*args, **kwargs or {})


def _convolution(images: Tensor, weight: Tensor, *settings: Any, output: Tensor) -> int:
    transposed = settings[4]
    places = images if transposed else output
    return places[:, 0].numel() * weight.numel()


class MultiplyAdds(TorchDispatchMode):
    """Adds up the multiply-adds of convolutions and linear layers, not products of two activations."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.total = 0
        self._weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        output = function(*args, **kwargs or {})
        name = function.overloadpacket
        added = name in (aten.addmm, aten.baddbmm)
        if name is aten.convolution:
            self.total += _convolution(*args, output=output)
        elif added or name in (aten.mm, aten.bmm):
            left, right = args[1:3] if added else args[:2]
            if left.dim() == 2 or self._is_weight(left) or self._is_weight(right):
                self.total += left.numel() * right.shape[-1]
        return output

    def _is_weight(self, operand: Tensor) -> bool:
        return operand.untyped_storage().data_ptr() in self._weights


class handing_positive_through(TorchFunctionMode):
    """Batch norm hands its input through, and a bounded ReLU what is above its lower bound."""

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        if function in (F.batch_norm, torch.batch_norm):
            return args[0].clone()
        if function in (F.relu6, F.hardtanh, torch._C._nn.hardtanh, torch._C._nn.relu6):
            return torch.relu(args[0])
        return function(*args, **kwargs or {})
