"""Oracle "avg-acc": the mean accuracy of all architectures that contain the candidate."""

from __future__ import annotations

from harness.scorers._oracle import OperationTruth, oracle_score
from harness.scorers._score import ANY, Score
from harness.spaces import Mask

EVIDENCE = "truth"
KINDS = ANY


def score(truth: OperationTruth, mask: Mask, decision: int) -> dict[int, Score]:
    """``mean accuracy(a)`` over the architectures ``a`` that ``mask`` leaves and that pick ``o`` at ``e``."""
    return oracle_score(truth, truth.mean(mask), mask, decision)
