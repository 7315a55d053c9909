"""The curvature of the loss along its gradient, one number for all weights together."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from harness import graphs
from harness.proxies._jets import curvature_of_traced
from harness.proxies._modules import layer_weights
from harness.proxies._passes import Passes
from harness.proxies._totals import total


def weight_curvature(passes: Passes) -> float:
    """W^T H g over the weights of convolutions and linear layers, batch norm in training mode.

    g = dL/dW and H = d2L/dW2, L as in ``Passes.loss_gradients``; exact either way. 0 where the loss depends
    on no weight.
    """
    return passes.read("weight_curvature", lambda: _curvature(passes))


def _curvature(passes: Passes) -> float:
    gradients = passes.loss_gradients()
    if not gradients:
        return 0.0
    try:
        return curvature_of_traced(passes.module, passes.images, passes.targets, gradients)
    except graphs.Untraceable:
        return _differentiated_twice(passes)


def _differentiated_twice(passes: Passes) -> float:
    """The same by a backward pass through the backward pass, for networks that cannot be traced."""
    _, parameters, logits = passes._graph()
    weights = list(layer_weights(passes.module, parameters).values())
    loss = F.cross_entropy(logits, passes.targets)
    first = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    step = sum((gradient.detach() * gradient).sum() for gradient in first if gradient is not None)
    # The graph stays for the other proxies that read it.
    second = torch.autograd.grad(step, weights, retain_graph=True, allow_unused=True)
    pairs = zip(weights, second, strict=True)
    return total((w.detach().double() * found).sum() for w, found in pairs if found is not None)
