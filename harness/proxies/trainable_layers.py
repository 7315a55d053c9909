"""Number of layers with trainable weights: depth and branches alone.

score = convolution and linear layers of the network, layers that share a weight once, those that never run
included. Higher is better. Uses neither data nor labels. Always defined, but fails for a network without
such a layer.

Tybl and Neumann, "Training-free Neural Architecture Search through Variance of Knowledge of Deep Network
Weights", CVPR 2025, which adds it to the entropy of ``vkdnw``.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._modules import layer_weights, parameters_of
from harness.proxies._passes import Passes

ABOUT = About(
    formula="number of convolution and linear layers",
    source="Tybl and Neumann, CVPR 2025",
    undefined="never",
    choices="normalisations do not count, though they have weights too; where each follows a convolution, as "
    "on NAS-Bench-201, the ranking is the same",
    images=False,
)
WEIGHTS_ALONE = True
"""The batch is not looked at, nor its shape: it need not be converted."""


def score(passes: Passes) -> float:
    """Count of the convolution and linear layers."""
    return float(len(layer_weights(passes.module, parameters_of(passes.module))))
