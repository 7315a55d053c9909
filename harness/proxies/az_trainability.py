"""Trainability, of AZ-NAS: whether every block hands gradients on without making them larger or smaller.

score = mean over blocks l >= 2 of 2 - g - 1/g, g = largest singular value of A, (channels in, channels out),
the mean over samples and pixels of g_in g_out^T: g_out are random signs in the place of the gradient of the
block's output, g_in the gradient of its input that they lead to, so that A estimates the transposed Jacobian.
Higher is better; at most 0, where all g are 1. Batch norm in training mode, the network's own weights, the
first batch; the signs hang on the seed.

Where a block has fewer pixels behind than before, g_in is summed over the pixels that one pixel stands for: a
pooling by the mean then has g = 1. The first block is left out, its input being the images. One pass serves
the three scores of AZ-NAS, which costs four to five forward passes.

Undefined where there are fewer than two blocks (status nan), where a block lets no gradient through (status
inf) and where the logits do not depend on the images (status disconnected).

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024. Written from
the paper's formulas.
"""

from __future__ import annotations

from statistics import fmean

from harness.about import About
from harness.proxies._az_nas import blocks
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes

ABOUT = About(
    formula="mean over blocks of 2 - g - 1/g, g = largest singular value of their estimated Jacobian",
    source="Lee and Ham, CVPR 2024",
    undefined="logits that do not depend on the images (disconnected); one block (nan); no gradient (inf)",
    choices="blocks and batch as az_expressivity, the first left out; gradients of the pixels that a stride "
    "joins are added up",
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Mean of 2 - g - 1/g over the blocks after the first."""
    gains = [block.gain for block in blocks(passes) if block.gain is not None]
    if not gains:
        raise Undefined("nan", "the network has one block: there is none behind features of another")
    if not min(gains):
        raise Undefined("inf", "a block lets no gradient through: 1/g is infinite")
    return fmean(2 - gain - 1 / gain for gain in gains)
