"""Sum of log ranks of any list of proxies: AZ-NAS's aggregation, which punishes a bad rank more.

score(i) = sum over the listed proxies p of ln(r_p(i) / m), ranks among the m networks of the population: 1
the worst, m the best. Higher is better; at most 0, which a network reaches that is best in all.

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import PopulationAbout
from harness.aggregations._ranks import summed_log_ranks

ABOUT = PopulationAbout(
    formula="sum of ln(r / m) over a list of proxies",
    source="Lee and Ham, CVPR 2024",
    choices="ties get their average rank",
    any_list=True,
)
PARTS = None


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sum of the logarithms of the relative ranks, shape (m,)."""
    return summed_log_ranks(parts)
