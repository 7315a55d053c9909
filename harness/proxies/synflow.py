"""SynFlow: the flow through all paths of the network, each weighted by the product of its weights.

score = ln(sum over convolution and linear weights W of |W * dR/dW|), R = the sum of the outputs for one
image of ones through a copy of the network with all parameters |.| and batch norm replaced by the identity.
Higher is better. The natural logarithm, which keeps the ranking, because the sum itself spans 1e12 to 1e61;
computed in double precision for the same reason. Uses no data: only the image's size matters. ReLU6 counts
as ReLU and a hard tanh as the identity, as their bounds would cut the flow, as modules and as functions.

Undefined where no path leads from input to output: the sum is 0 (status disconnected).

Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow", NeurIPS
2020; as a proxy: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021.
"""

from __future__ import annotations

import math

from harness.about import About
from harness.proxies._flow import synaptic_flow
from harness.proxies._outcome import Undefined, finite
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="ln of the sum over weights of |W dR/dW|, R = sum of the logits of |W| on an image of ones",
    source="Tanaka et al., NeurIPS 2020; Abdelfattah et al., ICLR 2021",
    undefined="no path of non-zero weights to the logits (disconnected)",
    choices="batch norm handed through, as its authors; the logarithm, which keeps the ranking",
    images=False,
    gradients="batch",
    precision="double",
)


def score(passes: Passes) -> float:
    """Natural logarithm of the summed synaptic flow."""
    pairs = synaptic_flow(passes)
    flow = total((weight * gradient).abs().sum() for weight, gradient in pairs)
    flow = finite(flow, "the sum of the flow")
    if flow == 0:
        raise Undefined("disconnected", "the flow is 0, so its logarithm is minus infinity")
    return math.log(flow)
