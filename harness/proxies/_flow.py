"""The synaptic flow through every weight."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.proxies._modules import layer_weights, linearised, parameters_of, run
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes


def synaptic_flow(passes: Passes) -> list[tuple[Tensor, Tensor]]:
    """(|W|, dR/dW) of every convolution and linear layer that R depends on, in double precision.

    R is the sum of the logits for one image of ones through the network with all parameters |.| and batch
    norm handed through; ReLU6 as ReLU, as its bound would cut the flow. Only the images' size is read.

    Raises
    ------
    Undefined
        Where no path leads from input to output (status disconnected).
    """
    return passes.read("synaptic_flow", lambda: _flow(passes))


def _flow(passes: Passes) -> list[tuple[Tensor, Tensor]]:
    parameters = {
        name: leaf.detach().abs().double().requires_grad_()
        for name, leaf in parameters_of(passes.module).items()
        if leaf.requires_grad
    }
    weights = list(layer_weights(passes.module, parameters).values())
    ones = torch.ones_like(passes.images[:1], dtype=torch.float64, requires_grad=True)
    with linearised(passes.module):
        output = run(passes.module, parameters, ones, training=False).sum()
    arriving, *gradients = (
        torch.autograd.grad(output, [ones, *weights], allow_unused=True) if output.requires_grad else [None]
    )
    if arriving is None or not arriving.any():
        raise Undefined("disconnected", "no path of non-zero weights leads from the input to the logits")
    pairs = zip(weights, gradients, strict=True)
    return [(weight.detach(), gradient) for weight, gradient in pairs if gradient is not None]
