"""GraSP: how much a gradient step gains or loses where a weight is taken out.

score = -sum over convolution and linear weights of W * Hg, g = dL/dW, H = d2L/dW2 over these weights
together, L = the batch's mean cross-entropy (temperature 1), batch norm in training mode. Higher is better.
Unit: loss^2 per weight^2. The product Hg is exact, from a second backward pass through the first one's
graph. A layer the loss does not depend on adds 0.

Undefined where the logits do not depend on the images (status disconnected).

Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020; as a proxy:
Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, with the sign of ``measures/grasp.py``
in SamsungLabs/zero-cost-nas.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from harness.proxies._about import About
from harness.proxies._modules import layer_weights
from harness.proxies._passes import Passes

ABOUT = About(
    formula="-sum over weights of W Hg, H = Hessian and g = gradient of the loss",
    source="Wang et al., ICLR 2020; Abdelfattah et al., ICLR 2021 (SamsungLabs/zero-cost-nas)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="the sign of Abdelfattah et al.'s code, which keeps what GraSP removes; temperature 1; g and Hg "
    "on one batch; convolutions and linear layers; batch norm in training mode",
    labels=True,
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Negative sum of weight times Hessian times gradient."""
    return passes.read("weight_curvature", lambda: _sum_curvature(passes))


def _sum_curvature(passes: Passes) -> float:
    _, parameters, logits = passes._graph()
    weights = list(layer_weights(passes.module, parameters).values())
    passes._require_classes(logits)
    loss = F.cross_entropy(logits, passes.targets)
    first = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    steps = [(gradient.detach() * gradient).sum() for gradient in first if gradient is not None]
    if not steps:
        return 0.0
    # The graph stays for the other proxies that read it.
    second = torch.autograd.grad(sum(steps), weights, retain_graph=True, allow_unused=True)
    pairs = zip(weights, second, strict=True)
    return -math.fsum((w.detach().double() * found).sum().item() for w, found in pairs if found is not None)
