"""Expressivity, of AZ-NAS: how evenly the features of each block use all directions of their channels.

score = sum over blocks of -sum p ln p, p = eigenvalues, divided by their sum, of the covariance of the
channels of the block's output over all samples and pixels. Higher is better; 0 to the sum of ln(channels).
Unit: nats. Eigenvalues in double precision; batch norm in training mode, the network's own weights, the first
batch.

Blocks: the stem and every cell, reduction or layer that is not an identity; of other modules what
:func:`harness.proxies._features.block_features` makes of their children. The classifier is none. One pass
serves the three scores of AZ-NAS: it costs four to five forward passes.

Undefined where no block is found or a block's output is constant (status nan), and where the logits do not
depend on the images (status disconnected).

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024. Written from
the paper's formulas; its fourth score, complexity, is ``flops``.
"""

from __future__ import annotations

import math

from harness.about import About
from harness.proxies._az_nas import blocks
from harness.proxies._passes import Passes

ABOUT = About(
    formula="sum over blocks of the entropy of the normalised covariance eigenvalues of their channels",
    source="Lee and Ham, CVPR 2024",
    undefined="logits that do not depend on the images (disconnected); no block, or constant features (nan)",
    choices="the batch, the network's own weights; blocks: the stem and every cell or layer but identities",
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Sum of the blocks' entropies."""
    return math.fsum(block.entropy for block in blocks(passes))
