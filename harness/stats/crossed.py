"""Where the variance of a measurement lies, by a crossed design: every level with all of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np


def crossed_variance(
    values: np.ndarray, levels: Mapping[str, Sequence[object]], drawn_anew: Collection[str]
) -> float | None:
    r"""The variance between measurements for which the factors ``drawn_anew`` are drawn independently.

    All other factors stay as they are:

    .. math:: V_F = \frac12 \, \mathrm{mean} \, (y_i - y_j)^2

    over the pairs of cells that differ in each factor of ``F = drawn_anew`` and in no other. Of one factor
    that is the mean over all cells of the others of its sample variance (divided by n - 1); of a set the
    factors' interactions are in it. Where levels are random draws it has no bias.

    Parameters
    ----------
    values
        (cells,), or (cells, responses) of which the mean is taken. Cells with a value that is not finite do
        not count.
    levels
        By factor the level of every cell.
    drawn_anew
        Names of factors.

    Returns
    -------
    float or None
        In the squared unit of ``values``; ``None`` without a pair.

    Examples
    --------
    >>> crossed_variance(np.array([1.0, 3.0, 2.0, 4.0]), {"a": [0, 1, 0, 1], "b": [0, 0, 1, 1]}, {"b"})
    0.5
    """
    table = np.asarray(values, dtype=float).reshape(len(values), -1)
    known = np.isfinite(table).all(axis=1)
    table = table[known]
    differ = {name: _differ(np.asarray(list(each), dtype=str)[known]) for name, each in levels.items()}
    pairs = np.triu(np.ones((len(table), len(table)), dtype=bool), 1)
    for name, different in differ.items():
        pairs &= different if name in drawn_anew else ~different
    first, second = np.nonzero(pairs)
    if not len(first):
        return None
    return float(np.mean((table[first] - table[second]) ** 2) / 2)


def _differ(names: np.ndarray) -> np.ndarray:
    return names[:, None] != names[None, :]


def standardised(values: np.ndarray) -> np.ndarray:
    """Less their mean, divided by their standard deviation (population form); all 0 where they are equal.

    A value that is not finite does not count, and is NaN.
    """
    found = np.where(np.isfinite(values), values, np.nan).astype(float)
    known = found[np.isfinite(found)]
    if len(known):
        spread = known.std()
        found -= known.mean()
        found = found / spread if spread > 0 else found * 0
    return found
