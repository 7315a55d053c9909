"""How well a column of scores ranks architectures by their trained accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.stats import bootstrap
from harness.stats._weighted import STATISTICS, Weighted
from harness.stats.best_of import best_of_n
from harness.stats.partial_correlation import partial_kendall, partial_spearman
from harness.stats.rank_correlation import kendall, spearman, undefined_reason
from harness.stats.top_ranked import (
    MIN_TOP,
    best_of_top,
    kendall_of_top,
    rank_of,
    top_decile,
    top_overlap,
    top_precision,
)

BEST_OF = (10, 100, 1000)
"""How many architectures a user draws and scores, see :func:`harness.stats.best_of_n`."""


NESTED = ("best_of", "subsets")
"""Attributes of :class:`Agreement` that hold mappings of mappings."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of scores with the truth; what is undefined is ``None`` and has a reason.

    Statistics are over the ``n`` rows unless told otherwise, and those of the first group of attributes have
    the ends ``_low`` and ``_high`` of a 95 % bootstrap interval over architectures
    (:mod:`harness.stats.bootstrap`; none for fewer than 10 rows).

    Attributes
    ----------
    kendall, kendall_c, kendall_weighted, spearman, pearson, ndcg
        See the functions of these names.
    kendall_top_decile
        Tau-b among the tenth of the ``n`` rows with the highest truth, ``n_top_decile`` of them; the tenth
        is rounded up, and rows tied with its last one belong to it. Undefined where these are fewer than 10.
    kendall_given_params, spearman_given_params
        What is left of tau-b and rho once the number of parameters is taken out
        (:func:`harness.stats.partial_kendall`); undefined where parameters are not told.
    n, n_total
        Rows with an ok, finite score, out of all rows with a true value.
    ties_in_scores
        How many of the ``n`` rows share their score with another of them.
    kendall_failures_last, spearman_failures_last
        Over all ``n_total`` rows, those without a score last and tied among themselves.
    regret_top_1, regret_top_10
        Best true value of all ``n_total`` rows minus the best among the 1 or 10 highest scored, in the
        truth's unit; rows with tied scores are taken worst first. Undefined for fewer scored rows.
    rank_top_1, rank_top_10
        Rank of that row by truth among all ``n_total``, 1 the best.
    overlap_top_10, precision_top_10
        Share of the 10 highest scored that are among the 10 best, and among the best tenth (of the ``n``).
    best_of
        Expected accuracy and regret of picking the highest scored of 10, 100 and 1,000 rows drawn at
        random from all ``n_total`` (:func:`harness.stats.best_of_n`).
    subsets
        ``n``, ``n_total``, ``kendall``, ``spearman`` and ``kendall_top_decile`` over the ``distinct``
        networks (the first row of each) and over the ``connected`` ones; only where that leaves a row out.
    reasons
        For every undefined number among these, why.
    """

    n: int
    n_total: int
    ties_in_scores: int
    kendall: float | None = None
    kendall_low: float | None = None
    kendall_high: float | None = None
    kendall_c: float | None = None
    kendall_c_low: float | None = None
    kendall_c_high: float | None = None
    kendall_weighted: float | None = None
    kendall_weighted_low: float | None = None
    kendall_weighted_high: float | None = None
    spearman: float | None = None
    spearman_low: float | None = None
    spearman_high: float | None = None
    pearson: float | None = None
    pearson_low: float | None = None
    pearson_high: float | None = None
    ndcg: float | None = None
    ndcg_low: float | None = None
    ndcg_high: float | None = None
    kendall_top_decile: float | None = None
    kendall_top_decile_low: float | None = None
    kendall_top_decile_high: float | None = None
    n_top_decile: int = 0
    kendall_given_params: float | None = None
    kendall_given_params_low: float | None = None
    kendall_given_params_high: float | None = None
    spearman_given_params: float | None = None
    spearman_given_params_low: float | None = None
    spearman_given_params_high: float | None = None
    kendall_failures_last: float | None = None
    spearman_failures_last: float | None = None
    regret_top_1: float | None = None
    regret_top_10: float | None = None
    rank_top_1: int | None = None
    rank_top_10: int | None = None
    overlap_top_10: float | None = None
    precision_top_10: float | None = None
    best_of: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    subsets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        # Not dataclasses.asdict, which copies number by number: every record that is checked comes by here.
        nested = {name: {key: dict(each) for key, each in getattr(self, name).items()} for name in NESTED}
        return vars(self) | nested | {"reasons": dict(self.reasons)}


@dataclass(frozen=True)
class _Rows:
    """Rows with a true value: scores (NaN where not ok), truth, parameters (NaN where not told)."""

    scores: np.ndarray
    truth: np.ndarray
    params: np.ndarray

    @property
    def ok(self) -> np.ndarray:
        return np.isfinite(self.scores)


def agreement(
    scores: np.ndarray,
    truth: np.ndarray,
    ok: np.ndarray | None = None,
    resamples: int = bootstrap.RESAMPLES,
    params: np.ndarray | None = None,
    subsets: Mapping[str, np.ndarray] | None = None,
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
        Bootstrap resamples; 0 for no intervals.
    params
        Number of parameters of every row, for the partial correlations.
    subsets
        Masks of rows by name, see :class:`Agreement`.

    Raises
    ------
    ValueError
        Where the columns differ in length.
    """
    scores, truth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    ok = np.ones(len(scores), dtype=bool) if ok is None else np.asarray(ok, dtype=bool)
    params = np.full(len(scores), np.nan) if params is None else np.asarray(params, dtype=np.float64)
    if not len(scores) == len(truth) == len(ok) == len(params):
        lengths = f"{len(scores)}, {len(truth)}, {len(ok)} and {len(params)}"
        raise ValueError(f"columns of {lengths} rows have to be equally long")
    known = np.isfinite(truth)
    valid = np.where(ok & np.isfinite(scores), scores, np.nan)
    rows = _Rows(valid[known], truth[known], params[known])
    x, y = rows.scores[rows.ok], rows.truth[rows.ok]
    correlations, drawn = _correlations(x, y, resamples)
    groups = [
        correlations,
        _given_params(rows, resamples, drawn),
        _failures_last(rows),
        _top(rows),
    ]
    numbers = {name: value for values, _ in groups for name, value in values.items()}
    reasons = {name: why for _, words in groups for name, why in words.items() if numbers[name] is None}
    _, counts = np.unique(x, return_counts=True)
    return Agreement(
        n=len(x),
        n_total=len(rows.truth),
        ties_in_scores=int(counts[counts > 1].sum()),
        n_top_decile=int(top_decile(y).sum()),
        **numbers,
        best_of=best_of_n(rows.scores, rows.truth, BEST_OF),
        subsets=_subsets(rows, {name: mask[known] for name, mask in (subsets or {}).items()}),
        reasons=reasons,
    )


Numbers = tuple[dict[str, Any], dict[str, str]]
"""Values by name, and why those are undefined that are."""


def _correlations(x: np.ndarray, y: np.ndarray, resamples: int) -> tuple[Numbers, Mapping[str, np.ndarray]]:
    """The numbers, and what their intervals are of."""
    why = undefined_reason(x, y)
    if why is not None:
        return (dict.fromkeys(STATISTICS), dict.fromkeys(STATISTICS, why)), {}
    once, top = Weighted.once(x, y), top_decile(y)
    values: dict[str, Any] = {
        "kendall": kendall(x, y),
        "spearman": spearman(x, y),
        "kendall_top_decile": kendall_of_top(x[top], y[top]),
    }
    values |= {name: _defined(float(of(once)[0])) for name, of in STATISTICS.items() if name not in values}
    asked = [name for name, value in values.items() if value is not None]
    drawn = bootstrap.rank_resamples(x, y, asked, resamples)
    for name, (low, high) in bootstrap.intervals_of(drawn).items():
        values |= {f"{name}_low": low, f"{name}_high": high}
    reasons = {
        "ndcg": "no true value is above 0",
        "kendall_top_decile": _top_undefined(x[top], y[top]),
    }
    return (values, reasons), drawn


def _top_undefined(x: np.ndarray, y: np.ndarray) -> str:
    if len(x) < MIN_TOP:
        return f"fewer than {MIN_TOP} rows in the top decile ({len(x)})"
    return undefined_reason(x, y) or ""


def _given_params(rows: _Rows, resamples: int, drawn: Mapping[str, np.ndarray]) -> Numbers:
    """``drawn`` are resamples of all scored rows."""
    names = ("kendall_given_params", "spearman_given_params")
    told = rows.ok & np.isfinite(rows.params)
    x, y, params = rows.scores[told], rows.truth[told], rows.params[told]
    why = "no parameters are told" if not told.any() and rows.ok.any() else undefined_reason(x, y)
    if why is None and np.ptp(params) == 0:
        why = "all have equally many parameters"
    if why is not None:
        return dict.fromkeys(names), dict.fromkeys(names, why)
    values: dict[str, Any] = {
        names[0]: partial_kendall(x, y, [params]),
        names[1]: partial_spearman(x, y, [params]),
    }
    if None not in values.values():
        known = drawn if len(x) == int(rows.ok.sum()) else {}
        intervals = bootstrap.partial_intervals(x, y, params, resamples=resamples, known=known)
        for name, (low, high) in intervals.items():
            values |= {f"{name}_given_params_low": low, f"{name}_given_params_high": high}
    return values, dict.fromkeys(names, "the number of parameters tells one of the two rankings")


def _failures_last(rows: _Rows) -> Numbers:
    """Dense ranks of the ok scores from 1; 0 for every failure."""
    ranks = np.zeros(len(rows.scores))
    ranks[rows.ok] = np.unique(rows.scores[rows.ok], return_inverse=True)[1] + 1
    names = ("kendall_failures_last", "spearman_failures_last")
    why = undefined_reason(ranks, rows.truth) or ""
    values = (kendall(ranks, rows.truth), spearman(ranks, rows.truth))
    return dict(zip(names, values, strict=True)), dict.fromkeys(names, why)


def _top(rows: _Rows) -> Numbers:
    """What the highest scored rows are worth."""
    x, y = rows.scores[rows.ok], rows.truth[rows.ok]
    values: dict[str, Any] = {
        "overlap_top_10": top_overlap(x, y, 10),
        "precision_top_10": top_precision(x, y, 10),
    }
    reasons: dict[str, str] = {}
    for k in (1, 10):
        best = best_of_top(x, y, k)
        values[f"regret_top_{k}"] = None if best is None else float(rows.truth.max() - best)
        values[f"rank_top_{k}"] = None if best is None else rank_of(best, rows.truth)
        why = "no scored row" if k == 1 else f"fewer than {k} scored rows ({len(x)})"
        reasons |= {f"{what}_top_{k}": why for what in ("regret", "rank", "overlap", "precision")}
    return values, {name: why for name, why in reasons.items() if name in values}


def _subsets(rows: _Rows, masks: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    found = {}
    for name, mask in masks.items():
        if not mask.all():
            chosen = mask & rows.ok
            x, y = rows.scores[chosen], rows.truth[chosen]
            top = top_decile(y)
            found[name] = {
                "n": len(x),
                "n_total": int(mask.sum()),
                "kendall": kendall(x, y),
                "spearman": spearman(x, y),
                "kendall_top_decile": kendall_of_top(x[top], y[top]),
            }
    return found


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
