"""Vote: how many networks the majority of a list of proxies puts below this one, less those it puts above.

score(i) = #{j: V_ij > 0} - #{j: V_ij < 0}, V_ij = sum over the listed proxies p of sign(x_p(i) - x_p(j)).
Higher is better. Whole numbers from -(m - 1) to m - 1 that add up to 0. Majorities can run in a circle, so
networks can be tied that no proxy ties.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (the vote); Copeland, 1951 (the score).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.aggregations._about import LISTED, PopulationAbout

ABOUT = PopulationAbout(
    formula="networks that the majority of a list of proxies puts below, less those it puts above",
    source="Abdelfattah et al., ICLR 2021",
    choices="a proxy that ties two networks abstains, where the paper's notebook lets it vote against the "
    "first; what that prints (0.817 on NAS-Bench-201) is the share of pairs voted right, a tau of about 0.63",
    any_list=True,
)
PARTS = LISTED
_PAIRS = 2**18
"""Pairs of networks compared at a time: few enough to stay in a core's cache."""


def score(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Majorities won less majorities lost, shape (m,); m^2 comparisons in blocks of bounded memory."""
    from scipy.stats import rankdata  # here, since settings are checked without SciPy

    ranks = [rankdata(values, method="dense").astype(np.int32) for values in parts.values()]
    count = len(ranks[0])
    rows = max(1, _PAIRS // max(1, count))
    balance = [_balance(ranks, slice(start, start + rows)) for start in range(0, count, rows)]
    return np.concatenate([np.zeros(0), *balance])


def _balance(ranks: list[np.ndarray], block: slice) -> np.ndarray:
    votes = np.zeros((len(ranks[0][block]), len(ranks[0])), dtype=np.int16)
    for rank in ranks:
        votes += (rank[block, None] > rank).view(np.int8)  # added as bool it would take twice as long
        votes -= (rank[block, None] < rank).view(np.int8)
    return (np.count_nonzero(votes > 0, axis=1) - np.count_nonzero(votes < 0, axis=1)).astype(np.float64)
