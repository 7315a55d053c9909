"""ZiCo: how large and how steady, from batch to batch, the weights' gradients are.

score = sum over convolution and linear layers of log sum_w mean |g_w| / std(g_w), mean and (population)
standard deviation over the gradients g = dL/dW of two batches, L = a batch's mean cross-entropy, batch norm
in training mode. The deviation is that of g, signs included, as the authors' code has it; the paper's Eq. 15
writes |g| there, where two opposite gradients of one size would count as steady. Higher is better. Unitless.
Every term of the inner sum is at least 1, so that it grows
with the layer. Entries of equal gradients, whose standard deviation is 0, are dropped, and layers of such
entries alone; a layer the loss does not depend on adds nothing.

Undefined where no entry is left, such as on equal batches (status nan), and where the logits do not depend
on the images (status disconnected).

Li et al., "ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients", ICLR 2023;
``ZeroShotProxy/compute_zico.py`` in SLDGroup/ZiCo.
"""

from __future__ import annotations

import math

from torch import Tensor

from harness.about import About
from harness.proxies._batches import stacked_gradients
from harness.proxies._outcome import Undefined, exact_sum
from harness.proxies._passes import Passes

ABOUT = About(
    formula="sum over layers of log sum over weights of mean |g| / std(g), g = loss gradients of two batches",
    source="Li et al., ICLR 2023 (SLDGroup/ZiCo)",
    undefined="logits that do not depend on the images (disconnected); no gradient that differs (nan)",
    choices="each batch's gradient by itself, as the paper (the code adds the first to the second); standard "
    "deviation of g, as the code (the paper's Eq. 15 has that of |g|), population's; entries of standard "
    "deviation 0 dropped; batch norm in training mode",
    labels=True,
    batches=2,
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Sum of the layers' log inverse coefficients of variation."""
    ratios = [_ratio(gradients) for gradients in stacked_gradients(passes, ABOUT.batches)]
    logarithms = [math.log(ratio) for ratio in ratios if ratio]
    if not logarithms:
        raise Undefined("nan", "no weight's gradient differs between the batches")
    return exact_sum(logarithms)


def _ratio(gradients: Tensor) -> float:
    """Sum of mean |g| / std(g) over the entries that differ, ``gradients`` being (batches, *weight)."""
    deviation = gradients.std(dim=0, correction=0)
    varies = deviation > 0
    return (gradients.abs().mean(dim=0)[varies] / deviation[varies]).sum().item()
