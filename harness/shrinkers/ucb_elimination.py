"""Elimination by upper confidence bounds: what could hardly be good goes, edge by edge.

A relative of ABanditNAS (Chen et al., "Anti-Bandit Neural Architecture Search for Model Defense", ECCV
2020): its bounds, its K T samples per stage and its rule of abandoning are below as published; how a
candidate is drawn and how a value is updated are this project's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.options import Option
from harness.searchers import Queries
from harness.shrinkers._elimination import (
    KEEP,
    KINDS,
    REPEATS,
    Accuracies,
    Rule,
    Values,
    eliminate,
    opened,
)
from harness.spaces import Mask, Space

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "bounds", "shrink"]

EVIDENCE = "queries"
OPTIONS = {
    "repeats": REPEATS,
    "keep": KEEP,
    "momentum": Option(float, 0.7, "lambda: how much of a value the newest accuracy makes up"),
}


def shrink(tools: Queries, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k m_k + d_k`` at every decision after ``K repeats`` samples, until ``keep`` are left.

    ``d_k = sqrt(2 ln N / n_k)``: candidate k was drawn ``n_k`` times, all of its decision N times. A sample
    draws every decision's candidate with a probability proportional to ``exp(-(m_k - d_k))``, one that was
    never drawn before all others; its accuracy ``a``, as a fraction of one, makes ``m_k <- (1 - lambda) m_k
    + lambda a``, and the first one ``m_k = a``. Values and counts go on from stage to stage. Accuracies
    differ by hundredths and ``d_k`` is about 1, so that the bounds are mostly of counts.
    """
    budget, rng = opened(tools, "ucb_elimination")
    rule = bounds(budget, tools.space, settings, rng)
    yield from eliminate(tools.space, rule, rng, settings["keep"])


def bounds(asked: Accuracies, space: Space, settings: Mapping[str, Any], rng: np.random.Generator) -> Rule:
    """The rule of :func:`shrink`, by the accuracies that ``asked`` says."""
    share = settings["momentum"]
    arms = [_Arms(len(decision.candidates)) for decision in space.decisions]

    def rule(mask: Mask) -> Values:
        for _ in range(max(map(sum, mask)) * settings["repeats"]):
            picks = [each.drawn(np.flatnonzero(row), rng) for each, row in zip(arms, mask, strict=True)]
            told = asked.accuracy(space.normalise(tuple((pick,) for pick in picks))) / 100
            if np.isfinite(told):
                for each, pick in zip(arms, picks, strict=True):
                    each.update(pick, told, share)
        return [each.values + each.widths for each in arms]

    return rule


class _Arms:
    """Values and counts of one decision's candidates."""

    def __init__(self, size: int) -> None:
        self.values, self.counts = np.zeros(size), np.zeros(size)

    @property
    def widths(self) -> np.ndarray:
        """``d_k``; infinite for what was never drawn."""
        with np.errstate(divide="ignore"):
            return (
                np.sqrt(2 * np.log(max(self.counts.sum(), 1.0)) / self.counts)
                if self.counts.any()
                else (np.full(len(self.counts), np.inf))
            )

    def drawn(self, left: np.ndarray, rng: np.random.Generator) -> int:
        """One of the candidates that are ``left``."""
        new = left[self.counts[left] == 0]
        if len(new):
            return int(rng.choice(new))
        weights = np.exp(-(self.values - self.widths)[left])
        return int(rng.choice(left, p=weights / weights.sum()))

    def update(self, pick: int, told: float, share: float) -> None:
        """Take the accuracy ``told`` for candidate ``pick``."""
        first = self.counts[pick] == 0
        self.values[pick] = told if first else (1 - share) * self.values[pick] + share * told
        self.counts[pick] += 1
