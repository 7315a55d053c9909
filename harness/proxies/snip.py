"""SNIP: how much the loss depends on each connection being there.

score = sum over convolution and linear weights W of |W * dL/dW|, the derivative for a mask that multiplies
W, at 1; L = the batch's mean cross-entropy, batch norm in training mode. Higher is better. Unit: loss. A
layer the loss does not depend on adds 0.

Undefined where the logits do not depend on the images (status disconnected).

Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity", ICLR 2019; as a proxy:
Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over weights of |W dL/dW|",
    source="Lee et al., ICLR 2019; Abdelfattah et al., ICLR 2021",
    undefined="logits that do not depend on the images (disconnected)",
    choices="W dL/dW instead of the gradient of a mask, which is the same number",
    labels=True,
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Summed sensitivity of the loss to each weight's mask."""
    pairs = passes.loss_gradients().values()
    return total((weight * gradient).abs().sum() for weight, gradient in pairs)
