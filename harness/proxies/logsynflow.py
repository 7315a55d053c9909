"""LogSynFlow: the synaptic flow with every weight's gradient damped by a logarithm.

score = sum over convolution and linear weights of |W| * log(1 + |dR/dW|), R = the sum of the outputs for one
image of ones through a copy of the network with all parameters |.| and batch norm replaced by the identity;
natural logarithm, double precision. Higher is better. Unit: that of a weight. Uses no data: only the image's
size matters. The passes are those of ``synflow``, so ReLU6 counts as ReLU, and a hard tanh as the identity.

Undefined where no path leads from input to output (status disconnected).

Cavagnero et al., "FreeREA: Training-Free Evolution-based Architecture Search", WACV 2023;
``metrics/synflow.py`` in NiccoloCavagnero/FreeREA.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._flow import synaptic_flow
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over weights of |W| log(1 + |dR/dW|), R as for synflow",
    source="Cavagnero et al., WACV 2023 (NiccoloCavagnero/FreeREA)",
    undefined="no path of non-zero weights to the logits (disconnected)",
    choices="batch norm handed through, as its authors; |dR/dW|, which is dR/dW where nothing is subtracted",
    images=False,
    gradients="batch",
    precision="double",
)


def score(passes: Passes) -> float:
    """Summed weight times logarithm of its synaptic gradient."""
    pairs = synaptic_flow(passes)
    return total((weight * gradient.abs().log1p()).sum() for weight, gradient in pairs)
