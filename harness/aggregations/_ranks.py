"""Ranks in a population and their sums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def summed_ranks(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """``sum_p r_p(i)``, r_p(i) the rank of network i by part p: 1 the worst, m the best, ties their average.

    Parameters
    ----------
    parts
        Part to its finite values, shape (m,), higher is better.
    """
    return np.sum(_ranks(parts), axis=0)


def summed_log_ranks(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """``sum_p ln(r_p(i) / m)``, ranks as in :func:`summed_ranks`: 0 for the best in every part."""
    ranks = _ranks(parts)
    return np.sum(np.log(ranks / ranks.shape[1]), axis=0)


def _ranks(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Shape (parts, m), by name: a sum's last bits must not hang on the order in which parts were listed."""
    from scipy.stats import rankdata  # here, since settings are checked without SciPy

    return np.stack([rankdata(parts[part]) for part in sorted(parts)])
