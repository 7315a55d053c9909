"""The truth itself, for oracles that serve as an upper line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.searchers import Truth

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False


class Oracle(Evidence):
    """Accuracy by operation."""

    def open(self, progress: Progress) -> Truth:
        """Accuracy by operation under the run's label."""
        return Truth(**self.shared(progress), truth=self.context.truth)


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record."""
    return [Oracle(context, method, options)]
