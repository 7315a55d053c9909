"""AZ-NAS: four views of a network, put together so that one bad rank costs more than a good one earns.

score(i) = sum over p of ln(r_p(i) / m), p = expressivity, progressivity, trainability and complexity
(``flops``); ranks among the m networks of the population: 1 the worst, m the best. Higher is better; at most
0, which a network reaches that is best in all four.

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import PopulationAbout
from harness.aggregations._ranks import summed_log_ranks

ABOUT = PopulationAbout(
    formula="sum of ln(r / m) over expressivity, progressivity, trainability and FLOPs",
    source="Lee and Ham, CVPR 2024",
    choices="ties get their average rank; a network without one of the values is left out, where AZ-NAS "
    "ranks it last",
)
PARTS = ("az_expressivity", "az_progressivity", "az_trainability", "flops")


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sum of the logarithms of the four relative ranks, shape (m,)."""
    return summed_log_ranks(parts)
