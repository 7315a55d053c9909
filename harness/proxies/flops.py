"""Multiply-accumulates for one image: the second of the two trivial baselines every proxy should beat.

score = multiply-accumulates of the convolution and linear layers that run, for an image of the batch's
size. Higher is better. Uses no data: only the image's shape matters. Always defined.
"""

from __future__ import annotations

from harness.about import About
from harness.networks import count_flops
from harness.proxies._passes import Passes

ABOUT = About(
    formula="multiply-adds of one forward pass, in millions",
    source="none: the trivial baseline",
    undefined="never",
    images=False,
)


def score(passes: Passes) -> float:
    """Multiply-accumulate count for one image."""
    channels, size = passes.images.shape[1], passes.images.shape[2]
    return float(count_flops(passes.module, size, channels))
