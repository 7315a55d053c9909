"""GradSign: in how many parameters the samples' loss gradients agree in sign.

score = sum over all parameters of |sum_n sign(g_n)|, g_n = the gradient of sample n's own cross-entropy;
sign(0) = 0. Higher is better: samples whose gradients agree have local optima close to one another. Unitless;
0 to samples x parameters, so compare equal batches only. Weights, biases and normalisations' scales and
shifts count.

Batch norm is in evaluation mode, for in training mode a sample's loss has no gradient of its own: through the
batch's statistics it depends on all samples. One backward pass serves all samples; a network that cannot be
traced needs one per sample.

A gradient that is 0 but for rounding has the sign of its rounding: a bias in front of a normalisation without
running statistics.

Undefined where the logits do not depend on the images (status disconnected).

Zhang and Jia, "GradSign: Model Performance Inference with Theoretical Insights", ICLR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.about import About
from harness.proxies._outcome import finite
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over parameters of |sum over samples of sign(dL_n/dw)|",
    source="Zhang and Jia, ICLR 2022",
    undefined="logits that do not depend on the images (disconnected)",
    choices="every parameter; batch norm in evaluation mode, so that a sample's gradient is its own",
    labels=True,
    gradients="sample",
)


def score(passes: Passes) -> float:
    """Summed agreement of the signs of the samples' gradients."""
    agreements: list[Tensor] = []
    sums: list[Tensor] = []

    def add(gradients: Tensor) -> None:
        agreements.append(gradients.sign().sum(0).abs().sum(dtype=torch.float64))
        sums.append(gradients.sum(dtype=torch.float64))

    passes.read("loss_gradients_of_samples", lambda: passes.visit_loss_gradients(add))
    finite(total(sums), "the sum of the samples' gradients")
    return total(agreements)
