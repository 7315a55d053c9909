"""Counted queries of the truth: what so many fully trained networks would have told."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.benchmarks import Measured
from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.searchers import Queries
from harness.spaces import Architecture

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False
FIGURES_ALONE = True
LIMITS = True
READS_TRUTH = True


class CountedQueries(Evidence):
    """A function that looks accuracies up and counts."""

    _best = -inf

    def open(self, progress: Progress) -> Queries:
        """The query function; what it cannot answer is said beforehand."""
        from harness.processes.under_way import tell  # loads pandas

        benchmark, label = self.context.benchmark, self.context.search_label
        partial = benchmark.architectures is not None and not benchmark.complete
        if partial and not isinstance(benchmark, Measured):  # which answers any query
            known = int(np.isfinite(benchmark.values(benchmark.keys, label)).sum())
            tell(
                f"{label} of {self.context.space.name} is known for {known:,} architectures, and a query of "
                "any other one is answered with unknown."
            )
        return Queries(**self.shared(progress), query=self._query)

    def settings(self) -> dict[str, Any]:
        """With the label whose figures are told, where that is not the run's own."""
        return {**super().settings(), **self.context.searched}

    def _query(self, arch: Architecture) -> float:
        self.counts["queries"] += 1
        told = self.context.goodness(arch)
        if told > self._best:
            self.seen, self._best = arch, told
        return told


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record."""
    return [CountedQueries(context, method, options)]
