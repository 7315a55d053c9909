"""How many pairs of rows two columns order alike, and how many otherwise, without looking at every pair."""

from __future__ import annotations

import numpy as np

LEAF = 32
"""Up to here all pairs of a piece are compared at once."""


def compared(x: np.ndarray, y: np.ndarray) -> tuple[int, int, int]:
    """Concordant minus discordant pairs, pairs that differ in ``x``, and pairs that differ in ``y``.

    Rows in ascending order of ``x``, tied ones of ``y``: a pair is discordant where ``y`` descends. Exact.

    Parameters
    ----------
    x, y
        Finite columns (n,), n at least 1 and below 2^31.

    Source: Knight, A computer method for calculating Kendall's tau with ungrouped data, Journal of the
    American Statistical Association 61, 1966.
    """
    count = len(x)
    (of_x, tied_x), (of_y, tied_y) = _ordered(x), _ordered(y)
    both = np.sort(of_x * count + of_y)
    pairs = count * (count - 1) // 2
    differ_in_both = pairs - tied_x - tied_y + _tied(both)
    return differ_in_both - 2 * descents(both % count), pairs - tied_x, pairs - tied_y


def _ordered(column: np.ndarray) -> tuple[np.ndarray, int]:
    """Whole numbers below n that are ordered as the ``column``, ``int64``, and its tied pairs."""
    order = np.argsort(column)
    ascending = column[order]
    found = np.empty(len(column), dtype=np.int64)
    found[order] = np.cumsum(np.append(False, ascending[1:] != ascending[:-1]))
    return found, _tied(ascending)


def _tied(ascending: np.ndarray) -> int:
    begins = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    sizes = np.diff(begins, append=len(ascending))
    return int((sizes * (sizes - 1) // 2).sum())


def descents(column: np.ndarray) -> int:
    """Pairs of which the former is larger, in a column (n,) of whole numbers from 0 to n - 1.

    Pieces are sorted and joined two by two; where two are joined, one look-up says for each number of the
    latter how many of the former are no larger.
    """
    count = len(column)
    pieces = 1 << (-(-count // LEAF) - 1).bit_length()
    kind = np.int32 if (pieces + 1) * count < 2**31 else np.int64
    sorted_ones = np.full((pieces, LEAF), count, dtype=kind)  # numbers that fill up descend to none
    sorted_ones.ravel()[:count] = column
    later = np.triu(np.ones((LEAF, LEAF), dtype=bool), 1)
    found = int(np.count_nonzero((sorted_ones[:, :, None] > sorted_ones[:, None, :]) & later))
    sorted_ones.sort(axis=1)
    while len(sorted_ones) > 1:
        joined, size = len(sorted_ones) // 2, sorted_ones.shape[1]
        # A pair's numbers lie above those of the pair before, so that one look-up serves all pairs.
        apart = np.arange(joined, dtype=kind)[:, None] * (count + 1)
        former, latter = ((sorted_ones[side::2] + apart).ravel() for side in (0, 1))
        no_larger = former.searchsorted(latter, side="right")
        found += size * size * joined * (joined + 1) // 2 - int(no_larger.sum())
        sorted_ones = sorted_ones.reshape(joined, 2 * size)
        sorted_ones.sort(axis=1, kind="stable")
    return found
