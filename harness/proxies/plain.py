"""Plain: what removing all weights would change in the loss, to first order.

score = sum over convolution and linear weights W of W * dL/dW, with its sign; L = the batch's mean
cross-entropy, batch norm in training mode. Higher is better, as in the reference code; on NAS-Bench-201 its
rank correlation with accuracy is negative. Unit: loss. A layer the loss does not depend on adds 0.

Behind a layer whose outputs are normalised over the batch, scaling its weights changes nothing: its part is 0
but for the normalisation's epsilon and rounding, and what remains is the other layers', mostly the
classifier's. In single precision expect errors of 1e-6 of ``snip``, not of the score.

Undefined where the logits do not depend on the images (status disconnected).

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021;
``foresight/pruners/measures/plain.py`` in SamsungLabs/zero-cost-nas.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over weights of W dL/dW",
    source="Abdelfattah et al., ICLR 2021 (SamsungLabs/zero-cost-nas)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="signed, as published; products in double precision; convolutions and linear layers",
    labels=True,
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Summed product of weights and loss gradients."""
    pairs = passes.loss_gradients().values()
    return total((weight.double() * gradient.double()).sum() for weight, gradient in pairs)
