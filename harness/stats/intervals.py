"""Mean and spread over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.special import stdtrit


def mean_with_interval(values: Iterable[float | None], level: float = 0.95) -> dict[str, Any]:
    """Mean, standard deviation and Student t interval of the defined values.

    ``mean +- t * sd / sqrt(n)`` with the two-sided ``level`` quantile of t at n - 1 degrees of freedom;
    ``sd`` divides by n - 1.

    Returns
    -------
    dict
        ``mean`` (``None`` without a defined value), ``sd``, ``low``, ``high`` (``None`` below 2 values),
        ``n`` (defined values), ``undefined`` (``None`` or not finite).

    Examples
    --------
    >>> result = mean_with_interval([1.0, 2.0, 3.0, None])
    >>> result["mean"], result["sd"], result["n"], result["undefined"]
    (2.0, 1.0, 3, 1)
    """
    given = [math.nan if value is None else float(value) for value in values]
    defined = np.array([value for value in given if math.isfinite(value)])
    n = len(defined)
    result: dict[str, Any] = {
        "mean": None, "sd": None, "low": None, "high": None, "n": n, "undefined": len(given) - n,
    }  # fmt: skip
    if n >= 1:
        result["mean"] = float(defined.mean())
    if n >= 2:
        sd = float(defined.std(ddof=1))
        half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / n**0.5
        result |= {"sd": sd, "low": result["mean"] - half, "high": result["mean"] + half}
    return result
