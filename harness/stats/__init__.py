"""Rank agreement, noise ceilings and intervals on bare arrays (NumPy, SciPy)."""

from __future__ import annotations

from harness.stats.decision_agreement import operation_agreement
from harness.stats.intervals import mean_with_interval
from harness.stats.noise_ceiling import ceiling
from harness.stats.rank_agreement import Agreement, agreement, architecture_agreement
from harness.stats.rank_correlation import kendall, spearman, undefined_reason

__all__ = [
    "Agreement",
    "agreement",
    "architecture_agreement",
    "ceiling",
    "kendall",
    "mean_with_interval",
    "operation_agreement",
    "spearman",
    "undefined_reason",
]
