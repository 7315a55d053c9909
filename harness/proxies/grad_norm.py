"""Gradient norm: how strongly the loss pulls at the weights.

score = sum over convolution and linear weights W of ||dL/dW||_2, L = the batch's mean cross-entropy, batch
norm in training mode. Higher is better. Unit: loss per weight. A layer the loss does not depend on adds 0.

Undefined where the logits do not depend on the images (status disconnected).

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over layers of |dL/dW|_2",
    source="Abdelfattah et al., ICLR 2021",
    undefined="logits that do not depend on the images (disconnected)",
    choices="convolutions and linear layers; batch norm in training mode; a layer without gradient adds 0",
    labels=True,
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Sum of the layers' Euclidean gradient norms."""
    return total(gradient.norm() for _, gradient in passes.loss_gradients().values())
