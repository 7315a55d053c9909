"""VKDNW's aggregate: the network's own VKDNW with four other views of it, put together as AZ-NAS does.

score(i) = sum over p of ln(r_p(i) / m), p = ``vkdnw`` (number of layers plus entropy), ``jacob_cov``, the
expressivity and trainability of AZ-NAS, and ``flops``; ranks among the m networks of the population: 1 the
worst, m the best. Higher is better; at most 0, which a network reaches that is best in all five.

Tybl and Neumann, "Training-free Neural Architecture Search through Variance of Knowledge of Deep Network
Weights", CVPR 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import PopulationAbout
from harness.aggregations._ranks import summed_log_ranks

ABOUT = PopulationAbout(
    formula="sum of ln(r / m) over vkdnw, jacob_cov, AZ-NAS's expressivity and trainability, and FLOPs",
    source="Tybl and Neumann, CVPR 2025",
    choices="the number of layers is in vkdnw, not a rank of its own; ties get their average rank; written "
    "without the authors' code: that these are its five members, each of the same weight, is not checked",
)
PARTS = ("vkdnw", "jacob_cov", "az_expressivity", "az_trainability", "flops")


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sum of the logarithms of the five relative ranks, shape (m,)."""
    return summed_log_ranks(parts)
