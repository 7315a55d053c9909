"""NASWOT in evaluation mode, as the released code of Zero-Cost-PT scores.

The formula of ``nwot`` with batch norm on its running statistics, which for an untrained network are mean 0
and variance 1: batch norm is then its affine map only, and deep networks of plain convolutions lose their
signal. Scores and rankings differ from ``nwot``. Higher is better. Undefined (status inf) where K is
singular.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._kernel import log_determinant
from harness.proxies._passes import Passes

ABOUT = About(
    formula="log |det K|, K_ij = ReLU units on which samples i and j agree, batch norm in evaluation mode",
    source="Xiang et al., AAAI 2023",
    undefined="logits that do not depend on the images (disconnected); a singular K (inf)",
    choices="as nwot; evaluation mode as Zero-Cost-PT's code",
)
COUNTS_RELUS = True


def score(passes: Passes) -> float:
    """Log determinant of the ReLU kernel, batch norm in evaluation mode."""
    return log_determinant(passes.relu_kernel(training=False))
