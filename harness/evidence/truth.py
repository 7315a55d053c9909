"""The truth itself, for oracles that serve as an upper line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.scorers import Score
from harness.searchers import Tools, Truth
from harness.spaces import Mask

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False
FIGURES_ALONE = True
READS_TRUTH = True


class Oracle(Evidence):
    """Accuracy by operation."""

    def open(self, progress: Progress) -> Truth:
        """Accuracy by operation under the run's label, or another one that it is told of."""
        return Truth(**self.shared(progress), truth=self.context.told_truth)

    def settings(self) -> dict[str, Any]:
        """With the label whose figures are told, where that is not the run's own."""
        return {**super().settings(), **self.context.searched}

    def score(self, tools: Tools, mask: Mask | None, decision: int, step: int) -> Mapping[int, Score]:
        """Unknown for every candidate behind a decision that the truth could not make."""
        if mask is not None:
            return super().score(tools, mask, decision, step)
        candidates = self.context.space.decisions[decision].candidates
        reason = "too few architectures are known to make an earlier decision"
        return dict.fromkeys(range(len(candidates)), Score(None, "unknown", reason))

    def pick(self, decision: int, step: int, scores: Mapping[int, Score]) -> tuple[int, ...]:
        """Nothing where a partial benchmark has too few architectures left to tell."""
        known = sum(score.value is not None for score in scores.values())
        enough = known >= self.context.space.decisions[decision].picks
        return super().pick(decision, step, scores) if enough or self.context.truth.complete else ()


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record."""
    return [Oracle(context, method, options)]
