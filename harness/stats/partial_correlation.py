"""The rank correlation that is left once other columns are taken out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.stats.rank_correlation import kendall, spearman

NEARLY_SINGULAR = 1e-10
"""Below this share a column is told by the others, and nothing is left of it."""


def partial_kendall(x: np.ndarray, y: np.ndarray, given: Sequence[np.ndarray]) -> float | None:
    """Partial tau-b of ``x`` and ``y`` given other columns, see :func:`partial`.

    ``None`` where a tau-b is undefined, or where a column is told by the given ones. Unlike rho's, it need
    not vanish where ``x`` and ``y`` depend on each other through ``given`` alone.
    """
    return _partial(x, y, given, kendall)


def partial_spearman(x: np.ndarray, y: np.ndarray, given: Sequence[np.ndarray]) -> float | None:
    """Partial rho of ``x`` and ``y`` given other columns: Pearson's r of what a line in the ranks of
    ``given`` leaves of their ranks, see :func:`partial`. ``None`` as :func:`partial_kendall`.
    """
    return _partial(x, y, given, spearman)


def _partial(
    x: np.ndarray,
    y: np.ndarray,
    given: Sequence[np.ndarray],
    correlation: Callable[[np.ndarray, np.ndarray], float | None],
) -> float | None:
    columns = [x, y, *given]
    matrix = np.eye(len(columns))
    for i, one in enumerate(columns):
        for j, other in enumerate(columns[:i]):
            value = correlation(one, other)
            if value is None:
                return None
            matrix[i, j] = matrix[j, i] = value
    value = float(partial(matrix))
    return value if np.isfinite(value) else None


def partial(correlations: np.ndarray) -> np.ndarray:
    """Correlation of the first two variables given all others.

    ``-P_12 / sqrt(P_11 P_22)`` with P the inverse of the matrix of correlations; for one given column that is
    ``(t_12 - t_13 t_23) / sqrt((1 - t_13^2) (1 - t_23^2))``. Computed as the correlation of what the given
    variables leave of the two.

    Parameters
    ----------
    correlations
        Matrices (..., variables, variables), the two first and then those given.

    Returns
    -------
    numpy.ndarray
        (...), in -1 to 1; NaN where the given variables tell one of the two or each other.

    Source: Kendall, Partial rank correlation, Biometrika 32, 1942; for several given variables Whittaker,
    Graphical Models in Applied Multivariate Statistics, 1990, section 5.8.
    """
    between, with_given = correlations[..., :2, :2], correlations[..., :2, 2:]
    given = correlations[..., 2:, 2:]
    undefined = ~np.isfinite(correlations).all((-2, -1))
    undefined |= (
        np.linalg.det(np.where(undefined[..., None, None], np.eye(given.shape[-1]), given)) < NEARLY_SINGULAR
    )
    safe = np.where(undefined[..., None, None], np.eye(given.shape[-1]), given)
    left = between - with_given @ np.linalg.solve(safe, np.swapaxes(with_given, -2, -1))
    spread = left[..., 0, 0] * left[..., 1, 1]
    undefined |= np.minimum(left[..., 0, 0], left[..., 1, 1]) < NEARLY_SINGULAR
    quotient = left[..., 0, 1] / np.sqrt(np.where(undefined, 1.0, spread))
    return np.where(undefined, np.nan, np.clip(quotient, -1.0, 1.0))
