"""Regularised SWAP-score: the SWAP-score times a bell curve over the number of parameters.

score = ln(s exp(-(p - mu)^2 / sigma)) = ln s - (p - mu)^2 / sigma, s = ``swap``, p = number of parameters, mu
= 10^6, sigma = 10^12. Higher is better. The natural logarithm, which keeps the ranking, because the product
is 0 in double precision for networks of 30 million parameters. Batch norm in training mode. Costs what
``swap`` costs.

mu and sigma prefer a size: the authors tune them for every space, which lets knowledge of its table leak into
the score. Here they are tuned to nothing: a million parameters, a round number of the size of networks for 32
x 32 images, and sigma = mu^2, so that the factor is 1/e without parameters and at two million.

Undefined where the logits do not depend on the images (status disconnected), without a ReLU (status inf).

Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS", ICLR 2024;
``src/metrics/swap.py`` in pym1024/SWAP.
"""

from __future__ import annotations

import math

from harness.about import About
from harness.networks import count_parameters
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes
from harness.proxies._unit_patterns import distinct_unit_patterns

ABOUT = About(
    formula="ln(swap) - (parameters - mu)^2 / sigma",
    source="Peng et al., ICLR 2024 (pym1024/SWAP)",
    undefined="logits that do not depend on the images (disconnected); no ReLU (inf)",
    choices="mu = 10^6, sigma = mu^2 in all spaces, a fixed preference for a size; the authors tune both for "
    "each space; logarithm of their product",
)
MU, SIGMA = 1e6, 1e12


def score(passes: Passes) -> float:
    """Logarithm of the SWAP-score times exp(-(parameters - mu)^2 / sigma)."""
    patterns = distinct_unit_patterns(passes)
    if not patterns:
        raise Undefined("inf", "no ReLU was called: the logarithm of 0 patterns is minus infinity")
    return math.log(patterns) - (count_parameters(passes.module) - MU) ** 2 / SIGMA
