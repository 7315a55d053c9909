"""The curvature of the loss along its gradient, one number for all weights together."""

from __future__ import annotations

from functools import reduce

import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from harness import graphs
from harness.proxies._modules import layer_weights, parameters_of, run
from harness.proxies._passes import Passes
from harness.proxies._totals import total


def weight_curvature(passes: Passes) -> float:
    """W^T H g over the weights of convolutions and linear layers, batch norm in training mode.

    g = dL/dW and H = d2L/dW2, L as in ``Passes.loss_gradients``; exact either way.
    """
    return passes.read("weight_curvature", lambda: _curvature(passes))


def _curvature(passes: Passes) -> float:
    try:
        return passes.curvature()
    except graphs.Untraceable:
        return passes.read("curvature_differentiated", lambda: _differentiated_twice(passes), "graph")


def _differentiated_twice(passes: Passes) -> float:
    """The same by a backward pass through the backward pass, for networks that do what is not known.

    On a forward pass of its own, as fused attention has no second derivative.
    """
    parameters = parameters_of(passes.module)
    weights = list(layer_weights(passes.module, parameters).values())
    with sdpa_kernel(SDPBackend.MATH):
        logits = run(passes.module, parameters, passes.images, training=True)
        loss = F.cross_entropy(logits, passes.targets.clone())
        first = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        products = ((gradient.detach() * gradient).sum() for gradient in first if gradient is not None)
        step = reduce(torch.add, products)
        second = torch.autograd.grad(step, weights, allow_unused=True) if step.requires_grad else []
    pairs = zip(weights, second, strict=bool(second))
    return total((w.detach().double() * found).sum() for w, found in pairs if found is not None)
