"""TE-NAS's rank sum: trainability and expressivity, ranked apart and added.

score(i) = r_ntk(i) + r_linear_regions(i), ranks among the m networks of the population: 1 the worst, m the
best. Higher is better. Range 2 to 2 m.

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective", ICLR 2021.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import PopulationAbout
from harness.aggregations._ranks import summed_ranks

ABOUT = PopulationAbout(
    formula="r_ntk + r_linear_regions",
    source="Chen, Gong and Wang, ICLR 2021",
    choices="ranks grow with quality (the paper's shrink: the same order); ties get their average rank; no "
    "rounding, which TE-NAS's search does; both parts on the run's networks and batch, not on thin ones",
)
PARTS = ("ntk", "linear_regions")


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sum of the two ranks, shape (m,)."""
    return summed_ranks(parts)
