"""The synaptic flow through every weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from harness.proxies._modules import layer_weights, parameters_of, run
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes


def synaptic_flow(passes: Passes) -> list[tuple[Tensor, Tensor]]:
    """(|W|, dR/dW) of every convolution and linear layer that R depends on, in double precision.

    R is the sum of the logits for one image of ones through the network with all parameters |.| and batch
    norm and bounds handed through (:class:`Linearised`). Only the images' size is read.

    Raises
    ------
    Undefined
        Where no path leads from input to output (status disconnected).
    """
    return passes.read("synaptic_flow", lambda: _flow(passes))


def _flow(passes: Passes) -> list[tuple[Tensor, Tensor]]:
    parameters = {
        name: nn.Parameter(leaf.detach().abs().double())
        for name, leaf in parameters_of(passes.module).items()
        if leaf.requires_grad
    }
    weights = list(layer_weights(passes.module, parameters).values())
    ones = torch.ones_like(passes.images[:1], dtype=torch.float64, requires_grad=True)
    with Linearised():
        output = run(passes.module, parameters, ones, training=False).sum()
    arriving, *gradients = (
        torch.autograd.grad(output, [ones, *weights], allow_unused=True) if output.requires_grad else [None]
    )
    if arriving is None or not arriving.any():
        raise Undefined("disconnected", "no path of non-zero weights leads from the input to the logits")
    pairs = zip(weights, gradients, strict=True)
    return [(weight.detach(), gradient) for weight, gradient in pairs if gradient is not None]


class Linearised(TorchFunctionMode):
    """Inside, batch norms, ReLU6 and hard tanh hand on a copy of their input, as modules and as functions.

    Where all numbers are positive a ReLU changes nothing, but a bound would cut a signal that grows to 1e60.
    A copy, as what follows may overwrite it.
    """

    _HANDED_THROUGH = (
        F.batch_norm, torch.batch_norm, F.relu6, F.hardtanh, F.hardtanh_, torch._C._nn.hardtanh,
    )  # fmt: skip

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        arguments: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        keywords = keywords or {}
        if function in self._HANDED_THROUGH:
            return (arguments[0] if arguments else keywords["input"]).clone()
        return function(*arguments, **keywords)
