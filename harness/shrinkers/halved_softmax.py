"""Elimination by ``s/2 + softmax``: a score is halved at every stage before the stage's softmax is added.

A rule of this project. It is BNAS's (Chen et al., "Binarized Neural Architecture Search", AAAI 2020) as far
as that can be had without a supernet: BNAS asks only for the half of the candidates whose architecture
parameters are smallest, and gives the others a bonus. Here all of them are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.searchers import Queries
from harness.shrinkers._elimination import KEEP, KINDS, REPEATS, Values, eliminate, opened, sampled_means
from harness.spaces import Mask

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "shrink"]

EVIDENCE = "queries"
OPTIONS = {"repeats": REPEATS, "keep": KEEP}


def shrink(tools: Queries, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k s_k`` at every decision and stage, until ``keep`` candidates are left.

    ``s_k <- s_k / 2 + exp(m_k) / sum_j exp(m_j)`` over the candidates left, ``s_k = 0`` at first; ``m_k``
    is the mean accuracy, as a fraction of one, of the stage's ``repeats`` (T) architectures that contain
    candidate k. Samples and queries are those of ``cp_nas``. The softmax of fractions is nearly flat, so
    that accuracies that differ by a point move a score by less than a hundredth of it.
    """
    budget, rng = opened(tools, "halved_softmax")
    means = sampled_means(budget, tools.space, settings["repeats"], rng)
    scores: Values = [np.zeros(len(decision.candidates)) for decision in tools.space.decisions]

    def rule(mask: Mask) -> Values:
        for score, told, row in zip(scores, means(mask), mask, strict=True):
            score[:] = score / 2 + softmax(told / 100, np.asarray(row))
        return scores

    yield from eliminate(tools.space, rule, rng, settings["keep"])


def softmax(values: np.ndarray, left: np.ndarray) -> np.ndarray:
    """``exp(v_k) / sum_j exp(v_j)`` over ``values`` that are ``left`` and known; 0 for the others."""
    weights = np.where(left & np.isfinite(values), np.exp(np.nan_to_num(values)), 0.0)
    return weights / weights.sum() if weights.sum() else weights
