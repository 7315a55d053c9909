"""How well a column of scores ranks architectures by their trained accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from harness.stats.bootstrap import rank_intervals
from harness.stats.rank_correlation import kendall, spearman, undefined_reason

COLUMNS = ("score", "params", "flops", "operations")
"""The proxy's score and the three trivial baselines every proxy is shown beside."""

MIN_TOP = 10
"""A top decile of fewer rows has no tau: it would be that of a sample of 90 architectures or less."""


@dataclass(frozen=True)
class Agreement:
    """Rank agreement of scores with the truth; what is undefined is ``None`` and has a reason.

    Attributes
    ----------
    n, n_total
        Rows with an ok, finite score, out of all rows with a true value.
    ties_in_scores
        How many of the ``n`` rows share their score with another of them.
    kendall, kendall_low, kendall_high
        Tau-b over the ``n`` rows and its 95 % bootstrap interval over architectures
        (:func:`harness.stats.bootstrap.rank_intervals`; none for fewer than 10 rows).
    spearman, spearman_low, spearman_high
        Rho, likewise.
    kendall_top_decile, n_top_decile
        Tau-b among the tenth of the ``n`` rows with the highest truth; the tenth is rounded up, and
        rows tied with its last one belong to it. Undefined where these are fewer than 10.
    kendall_failures_last, spearman_failures_last
        Over all ``n_total`` rows, those without a score last and tied among themselves.
    regret_top_1, regret_top_10
        Best true value of all ``n_total`` rows minus the best among the 1 or 10 highest scored, in the
        truth's unit; rows with tied scores are taken worst first. Undefined for fewer scored rows.
    reasons
        For every undefined number among these, why.
    """

    n: int
    n_total: int
    ties_in_scores: int
    kendall: float | None = None
    kendall_low: float | None = None
    kendall_high: float | None = None
    spearman: float | None = None
    spearman_low: float | None = None
    spearman_high: float | None = None
    kendall_top_decile: float | None = None
    n_top_decile: int = 0
    kendall_failures_last: float | None = None
    spearman_failures_last: float | None = None
    regret_top_1: float | None = None
    regret_top_10: float | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return asdict(self)


def top_decile(truth: np.ndarray) -> np.ndarray:
    """Mask of the tenth of the rows (rounded up, with ties at its end) whose truth is highest."""
    if len(truth) == 0:
        return np.zeros(0, dtype=bool)
    last = -(-len(truth) // 10)
    return truth >= np.sort(truth)[-last]


def kendall_of_top(x: np.ndarray, y: np.ndarray) -> float | None:
    """Tau-b among the rows of a top decile; ``None`` for fewer than 10, which would say little."""
    return kendall(x, y) if len(x) >= MIN_TOP else None


def _top_undefined(x: np.ndarray, y: np.ndarray) -> str | None:
    if len(x) < MIN_TOP:
        return f"fewer than {MIN_TOP} rows in the top decile ({len(x)})"
    return undefined_reason(x, y)


def agreement(
    scores: np.ndarray, truth: np.ndarray, ok: np.ndarray | None = None, resamples: int | None = None
) -> Agreement:
    """Compare scores (higher is better) with the truth (higher is better).

    Parameters
    ----------
    scores, truth
        Columns of equal length. A row without a finite truth is left out of everything; a score that
        is not finite counts as failed whatever ``ok`` says.
    ok
        Which scores are valid; all finite ones where ``None``.
    resamples
        Bootstrap resamples, see :func:`harness.stats.bootstrap.rank_intervals`; 0 for no intervals.

    Raises
    ------
    ValueError
        Where the columns differ in length.
    """
    scores, truth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    ok = np.ones(len(scores), dtype=bool) if ok is None else np.asarray(ok, dtype=bool)
    if not len(scores) == len(truth) == len(ok):
        raise ValueError(f"columns of {len(scores)}, {len(truth)} and {len(ok)} rows have to be equally long")
    known = np.isfinite(truth)
    scores, truth, ok = scores[known], truth[known], ok[known]
    ok &= np.isfinite(scores)
    x, y = scores[ok], truth[ok]

    numbers: dict[str, float | None] = {"kendall": kendall(x, y), "spearman": spearman(x, y)}
    for name, (low, high) in rank_intervals(x, y, resamples=resamples).items():
        numbers |= {f"{name}_low": low, f"{name}_high": high}
    top = top_decile(y)
    numbers["kendall_top_decile"] = kendall_of_top(x[top], y[top])
    last = _failures_last(scores, ok)
    numbers |= {
        "kendall_failures_last": kendall(last, truth),
        "spearman_failures_last": spearman(last, truth),
    }
    numbers |= {f"regret_top_{k}": _regret(x, y, truth, k) for k in (1, 10)}
    reasons = {
        "kendall": undefined_reason(x, y),
        "spearman": undefined_reason(x, y),
        "kendall_top_decile": _top_undefined(x[top], y[top]),
        "kendall_failures_last": undefined_reason(last, truth),
        "spearman_failures_last": undefined_reason(last, truth),
        "regret_top_1": None if len(x) >= 1 else "no scored row",
        "regret_top_10": None if len(x) >= 10 else f"fewer than 10 scored rows ({len(x)})",
    }
    _, counts = np.unique(x, return_counts=True)
    return Agreement(
        n=len(x),
        n_total=len(truth),
        ties_in_scores=int(counts[counts > 1].sum()),
        n_top_decile=int(top.sum()),
        **numbers,
        reasons={name: reason for name, reason in reasons.items() if reason is not None},
    )


def _failures_last(scores: np.ndarray, ok: np.ndarray) -> np.ndarray:
    """Dense ranks of the ok scores from 1; 0 for every failure."""
    ranks = np.zeros(len(scores))
    ranks[ok] = np.unique(scores[ok], return_inverse=True)[1] + 1
    return ranks


def _regret(x: np.ndarray, y: np.ndarray, truth: np.ndarray, k: int) -> float | None:
    if len(x) < k:
        return None
    highest = np.lexsort((y, -x))[:k]
    return float(truth.max() - y[highest].max())


def architecture_agreement(
    columns: Mapping[str, Any], resamples: int | None = None
) -> dict[str, dict[str, Any]]:
    """:func:`agreement` of a proxy's score and of the trivial baselines with the accuracy.

    Parameters
    ----------
    columns
        The rows of an ``arch_correlation`` record (a mapping of columns or a data frame): ``accuracy``,
        and those of ``score`` (with ``status``), ``params``, ``flops``, ``operations`` that are there.
        Baselines are compared over every row where they are known, whether or not the proxy failed.
    resamples
        As in :func:`agreement`.
    """
    truth = np.asarray(columns["accuracy"], dtype=np.float64)
    result = {}
    for name in COLUMNS:
        if name in columns:
            ok = np.asarray(columns["status"]) == "ok" if name == "score" else None
            result[name] = agreement(np.asarray(columns[name]), truth, ok, resamples).as_dict()
    return result
