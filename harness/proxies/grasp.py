"""GraSP: how much a gradient step gains or loses where a weight is taken out.

score = -sum over convolution and linear weights of W * Hg, g = dL/dW, H = d2L/dW2 over these weights
together, L = the batch's mean cross-entropy (temperature 1), batch norm in training mode. Higher is better.
Unit: loss^2 per weight^2. The value is exact: from the gradients that the loss's backward pass brings to all
operations, and where a network does something that is not known, or computes in half precision, from a second
backward pass through the first one's graph, a few times as slow. A layer the loss does not depend on adds 0.

Undefined where the logits do not depend on the images (status disconnected).

Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020; as a proxy:
Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, with the sign of ``measures/grasp.py``
in SamsungLabs/zero-cost-nas.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._curvature import weight_curvature
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
RIDES = ("calls",)
"""Made from what the forward and backward pass of the loss has computed, where these can be written down."""


def score(passes: Passes) -> float:
    """Negative sum of weight times Hessian times gradient."""
    return -weight_curvature(passes)
