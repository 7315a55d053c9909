"""What operations run, seen below every module, function and method: ReLUs and matrix products."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


class ReluSigns(TorchDispatchMode):
    """Collects where every ReLU's input is positive; a bounded one has the lower bound 0."""

    def __init__(self) -> None:
        super().__init__()
        self.signs: list[Tensor] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        bounded = function in (aten.hardtanh.default, aten.hardtanh_.default)
        if function in (aten.relu.default, aten.relu_.default) or (bounded and [*args[1:2], -1][0] == 0):
            self.signs.append(args[0].detach() > 0)
        return function(*args, **kwargs or {})


def _product(left: Tensor, right: Tensor) -> int:
    return left.numel() * right.shape[-1]


def _convolution(images: Tensor, weight: Tensor, *settings: Any, output: Tensor) -> int:
    transposed = settings[4]
    places = images if transposed else output
    return places[:, 0].numel() * weight.numel()


def _attention(query: Tensor, key: Tensor, value: Tensor) -> int:
    return query[..., 0].numel() * key.shape[-2] * (query.shape[-1] + value.shape[-1])


class MultiplyAdds(TorchDispatchMode):
    """Adds up the multiply-adds of convolutions and matrix products."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        output = function(*args, **kwargs or {})
        packet = function.overloadpacket
        if packet in (aten.mm, aten.bmm):
            self.total += _product(*args[:2])
        elif packet in (aten.addmm, aten.baddbmm):
            self.total += _product(*args[1:3])
        elif packet is aten.convolution:
            self.total += _convolution(*args, output=output)
        elif packet is aten._scaled_dot_product_flash_attention_for_cpu:
            self.total += _attention(*args[:3])
        return output


class handing_positive_through(TorchFunctionMode):
    """Batch norm hands its input through, and a bounded ReLU what is above its lower bound."""

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        if function in (F.batch_norm, torch.batch_norm):
            return args[0].clone()
        if function in (F.relu6, F.hardtanh, torch._C._nn.hardtanh, torch._C._nn.relu6):
            return torch.relu(args[0])
        return function(*args, **kwargs or {})
