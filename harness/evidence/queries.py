"""Counted queries of the truth: what so many fully trained networks would have told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.searchers import Queries
from harness.spaces import Architecture

if TYPE_CHECKING:
    from harness.runs.place import Place

TRAINABLE = False


class CountedQueries(Evidence):
    """A function that looks accuracies up and counts."""

    def open(self, progress: Progress) -> Queries:
        """The query function."""
        return Queries(**self.shared(progress), query=self._query)

    def _query(self, arch: Architecture) -> float:
        self.counts["queries"] += 1
        return float(self.place.benchmark.goodness([arch], self.place.label.name)[0])


def of(place: Place, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record."""
    return [CountedQueries(place, method, options)]
