"""Weight norm: how large the untrained network's weights are.

score = sum over convolution and linear weights W of ||W||_2. Higher is better. Unit: that of a weight. A
weight that layers share counts once; a layer that never runs counts. Uses neither data nor labels, and batch
norm plays no part. Under the usual initialisations a layer's norm follows from the number of its outputs, so
that the score is one of depth and width.

Undefined where the weights are not finite (status nan); fails for a network without such layers.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021; ``measures/l2_norm.py`` in
SamsungLabs/zero-cost-nas.
"""

from __future__ import annotations

import torch

from harness.about import About
from harness.networks import named_parameters_of
from harness.proxies._modules import layer_weights
from harness.proxies._passes import Passes
from harness.proxies._totals import total

ABOUT = About(
    formula="sum over layers of |W|_2",
    source="Abdelfattah et al., ICLR 2021 (SamsungLabs/zero-cost-nas)",
    undefined="weights that are not finite (nan)",
    choices="convolutions and linear layers of the network as built; a masked supernet counts what is left",
    images=False,
)
WEIGHTS_ALONE = True
"""The batch is not looked at, nor its shape: it need not be converted."""


def score(passes: Passes) -> float:
    """Sum of the layers' Euclidean weight norms."""
    own = dict(named_parameters_of(passes.module))
    weights = layer_weights(passes.module, own).values()
    return total(torch.linalg.vector_norm(w.detach(), dtype=torch.float64) for w in weights)
