"""Multiply-accumulates for one image: the second of the two trivial baselines every proxy should beat.

score = multiply-accumulates of the convolutions (of any dimension, transposed ones too) and linear layers
that run, for an image of the batch's shape; attention counts with its projections, not with the products of
queries, keys and values, which have no weights. Higher is better. Uses no data: only the image's shape
matters. Always defined.
"""

from __future__ import annotations

from harness.about import About
from harness.networks import count_flops
from harness.proxies._passes import Passes
from harness.proxies._surroundings import without_checkpoints

ABOUT = About(
    formula="multiply-adds of one forward pass",
    source="none: the trivial baseline",
    undefined="never",
    choices="what has weights: convolutions, linear layers, attention's projections; no normalisations, "
    "poolings, biases, products of activations",
    images=False,
)


def score(passes: Passes) -> float:
    """Multiply-accumulate count for one image."""
    return passes.read("flops", lambda: _count(passes))


def _count(passes: Passes) -> float:
    channels, *size = passes.images.shape[1:]
    with without_checkpoints():
        return float(count_flops(passes.module, size, channels))
