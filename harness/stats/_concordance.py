"""For every row, the pairs it is concordant in minus those it is discordant in, under many weightings."""

from __future__ import annotations

import numpy as np

from harness.stats._sums import running_sum

LEAF = 64
"""Up to here all pairs of a piece are compared at once."""

LEAF_ONCE = 400
"""The same for a single weighting."""


def net_concordance(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``v[i, r] = sum_j sign(x_i - x_j) sign(y_i - y_j) weights[j, r]``.

    Rows are halved by ``x``, ties kept together, down to pieces of which all pairs are compared. Between
    the halves the sign of ``x_i - x_j`` is known, and what counts is the weight below ``y_i`` minus the
    weight above it: two look-ups in a running sum. So n log n additions per weighting take the place of n^2.
    Whole weights are counted exactly, as long as a column's sum is at most 2^24.

    Parameters
    ----------
    x, y
        Columns (n,); ``x`` ascending.
    weights
        How often every row counts, (n, weightings), ``float32``.

    Returns
    -------
    numpy.ndarray
        (n, weightings), ``float32``.

    Source: the halving is that of Knight, A computer method for calculating Kendall's tau with ungrouped
    data, Journal of the American Statistical Association 61, 1966.
    """
    net = np.zeros_like(weights)
    _add(x, y, weights, net)
    return net


def _add(x: np.ndarray, y: np.ndarray, weights: np.ndarray, net: np.ndarray) -> None:
    if len(x) <= (LEAF_ONCE if weights.shape[1] == 1 else LEAF):
        net += np.einsum("ij,jr->ir", (_signs(x) * _signs(y)).astype(np.float32), weights)
        return
    cut = _middle(x)
    if cut == 0:
        return
    lower, upper = slice(cut), slice(cut, None)
    net[upper] += _below_minus_above(y[upper], y[lower], weights[lower])
    net[lower] -= _below_minus_above(y[lower], y[upper], weights[upper])
    for half in (lower, upper):
        _add(x[half], y[half], weights[half], net[half])


def _signs(column: np.ndarray) -> np.ndarray:
    """Sign of ``column_i - column_j``, ``int8``."""
    others = column[:, None]
    return (others > column).view(np.int8) - (others < column).view(np.int8)


def _middle(x: np.ndarray) -> int:
    """Where the value in the middle begins or ends, whichever is nearer; 0 where all are tied."""
    middle = len(x) // 2
    ends = (int(np.searchsorted(x, x[middle], side)) for side in ("left", "right"))
    return min((end for end in ends if 0 < end < len(x)), key=lambda end: abs(end - middle), default=0)


def _below_minus_above(y: np.ndarray, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """For every ``y`` the weight of the ``others`` below it minus that of those above it."""
    order = np.argsort(others, kind="stable")
    running = running_sum(weights[order])
    first, last = (np.searchsorted(others[order], y, side) for side in ("left", "right"))
    found = running[first]
    found -= running[-1]  # before the next line, so that nothing is larger than the sum of all weights
    found += running[last]
    return found
