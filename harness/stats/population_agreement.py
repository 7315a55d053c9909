"""Agreement of a proxy's scores and of the trivial baselines with the trained accuracy of one population."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from harness.stats.bootstrap import RESAMPLES
from harness.stats.rank_agreement import agreement

COLUMNS = ("score", "params", "flops", "operations")
"""The proxy's score and the three trivial baselines every proxy is shown beside."""


def architecture_agreement(
    columns: Mapping[str, Any], resamples: int = RESAMPLES, names: Iterable[str] = COLUMNS
) -> dict[str, dict[str, Any]]:
    """:func:`harness.stats.agreement` of a proxy's score and of the trivial baselines with the accuracy.

    Parameters
    ----------
    columns
        The rows of an ``arch_correlation`` record (a mapping of columns or a data frame): ``accuracy``,
        and those of ``score`` (with ``status``), ``params``, ``flops``, ``operations`` that are there.
        Baselines are compared over every row where they are known, whether or not the proxy failed.
        ``canonical`` and ``connected`` tell which networks are the same, and which have a path from input to
        output.
    resamples
        As in :func:`harness.stats.agreement`.
    names
        Which of the columns to compare.
    """
    truth = np.asarray(columns["accuracy"], dtype=np.float64)
    params = np.asarray(columns["params"], dtype=np.float64) if "params" in columns else None
    subsets = {}
    if "canonical" in columns:
        subsets["distinct"] = first_of_each(np.asarray(columns["canonical"]))
    if "connected" in columns:
        subsets["connected"] = np.asarray(columns["connected"], dtype=bool)
    result = {}
    for name in names:
        if name in columns:
            ok = np.asarray(columns["status"]) == "ok" if name == "score" else None
            found = agreement(np.asarray(columns[name]), truth, ok, resamples, params, subsets)
            result[name] = found.as_dict()
    return result


def first_of_each(names: np.ndarray) -> np.ndarray:
    """Mask of the rows whose name no earlier row has."""
    rows: dict[object, int] = {}
    for row, name in enumerate(names.tolist()):
        rows.setdefault(name, row)
    first = np.zeros(len(names), dtype=bool)
    first[list(rows.values())] = True
    return first
