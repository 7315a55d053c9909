"""Rank agreement, noise ceilings, intervals and comparisons on bare arrays (NumPy, SciPy)."""

from __future__ import annotations

from harness.stats.average_ranks import AverageRanks, average_ranks
from harness.stats.best_of import best_of_n, expected_highest
from harness.stats.bootstrap import RESAMPLES, percentile_interval, rank_intervals, resampled
from harness.stats.crossed import crossed_variance, standardised
from harness.stats.decision_agreement import operation_agreement, operations_dropped
from harness.stats.intervals import mean_with_interval
from harness.stats.kendall_interval import Kendall, kendall_interval
from harness.stats.noise_ceiling import ceiling
from harness.stats.paired import (
    Difference,
    PairedScores,
    difference_over_architectures,
    difference_over_seeds,
    holm,
)
from harness.stats.pareto import FrontFound, TrueFront, hypervolume, pareto_front
from harness.stats.partial_correlation import partial, partial_kendall, partial_spearman
from harness.stats.population_agreement import architecture_agreement
from harness.stats.rank_agreement import Agreement, agreement
from harness.stats.rank_correlation import (
    kendall,
    kendall_c,
    kendall_weighted,
    pearson,
    ranks,
    spearman,
    undefined_reason,
)
from harness.stats.shrinking import Dropped, dropped_first, left, ranks_of_candidates
from harness.stats.top_ranked import best_of_top, ndcg, rank_of, top_decile, top_overlap, top_precision

__all__ = [
    "RESAMPLES",
    "Agreement",
    "AverageRanks",
    "Difference",
    "Dropped",
    "FrontFound",
    "Kendall",
    "PairedScores",
    "TrueFront",
    "agreement",
    "architecture_agreement",
    "average_ranks",
    "best_of_n",
    "best_of_top",
    "ceiling",
    "crossed_variance",
    "difference_over_architectures",
    "difference_over_seeds",
    "dropped_first",
    "expected_highest",
    "holm",
    "hypervolume",
    "kendall",
    "kendall_c",
    "kendall_interval",
    "kendall_weighted",
    "left",
    "mean_with_interval",
    "ndcg",
    "operation_agreement",
    "operations_dropped",
    "pareto_front",
    "partial",
    "partial_kendall",
    "partial_spearman",
    "pearson",
    "percentile_interval",
    "rank_intervals",
    "rank_of",
    "ranks",
    "ranks_of_candidates",
    "resampled",
    "spearman",
    "standardised",
    "top_decile",
    "top_overlap",
    "top_precision",
    "undefined_reason",
]
