"""NASWOT in training mode: how differently the network's ReLUs split the samples of a batch.

score = log |det K|, K = sum over ReLU calls of c c^T + (1 - c)(1 - c)^T, where row i of c holds, for
sample i, which of the ReLU's inputs are positive; K_ij counts the units on which samples i and j agree.
Higher is better. Unitless; grows with the number of units and of samples, so compare equal batches only.

Batch norm uses the batch's statistics, as in the authors' code. Every call of a ReLU or ReLU6 counts, by a
module or as a function. The authors' hooks see modules alone, and by type names, so that the input of a block
such as ``ReLUConvBN`` counts beside its ReLU's: ``measure(..., counting="as_released")``. With one sample K
is the number of units. Undefined (status inf) where K is singular: equal samples, or fewer independent units
than samples.

Mellor et al., "Neural Architecture Search without Training", ICML 2021.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._kernel import log_determinant
from harness.proxies._passes import Passes

ABOUT = About(
    formula="log |det K|, K_ij = ReLU units on which samples i and j agree",
    source="Mellor et al., ICML 2021",
    undefined="logits that do not depend on the images (disconnected); a singular K (inf)",
    choices="every call of a ReLU counts, module or function; batch norm in training mode",
)
RIDES = ("codes",)
"""Counted on the forward pass that keeps its graph, where another proxy needs that one."""
COUNTS_RELUS = True


def score(passes: Passes) -> float:
    """Log determinant of the ReLU kernel, batch norm in training mode."""
    return log_determinant(passes.relu_kernel(training=True))
