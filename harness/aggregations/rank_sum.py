"""Rank sum of any list of proxies.

score(i) = sum over the listed proxies p of r_p(i), ranks among the m networks of the population: 1 the worst,
m the best. Higher is better. Range k to k m for k proxies; all weigh the same.

Borda's count, 1781, but for a constant.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import PopulationAbout
from harness.aggregations._ranks import summed_ranks

ABOUT = PopulationAbout(
    formula="sum of r over a list of proxies",
    source="Borda, 1781",
    choices="ties get their average rank",
    any_list=True,
)
PARTS = None


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sum of the ranks, shape (m,)."""
    return summed_ranks(parts)
