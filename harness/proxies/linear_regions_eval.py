"""Number of linear regions that the samples of a batch fall into, batch norm in evaluation mode.

score = number of different sign patterns over the samples, as ``linear_regions``; batch norm uses its running
statistics, so that the network is one fixed piecewise linear function and a pattern is one of its pieces.
Higher is better; 1 to the number of samples. A network without a ReLU has 1.

Every call of a ReLU or ReLU6 counts, by a module or as a function. Undefined where the logits do not depend
on the images (status disconnected).

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective" (TE-NAS), ICLR 2021; Xiong et al., "On the Number of Linear Regions of Convolutional Neural
Networks", ICML 2020.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes

ABOUT = About(
    formula="number of different sign patterns of all ReLU inputs over the samples, evaluation mode",
    source="Chen et al., ICLR 2021 (VITA-Group/TENAS)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="counted exactly, on the batch as it is; batch norm on running statistics",
)


def score(passes: Passes) -> float:
    """Number of different ReLU sign patterns, batch norm in evaluation mode."""
    return float(passes.sign_patterns(training=False))
