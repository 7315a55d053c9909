"""How large each candidate makes networks, whatever else they consist of."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

import numpy as np

from harness.searchers._tools import Tools
from harness.spaces import Architecture


def candidate_sizes(
    tools: Tools, decisions: Iterable[int], draws: int, rng: np.random.Generator
) -> dict[tuple[int, int], float]:
    """By (decision, candidate) a mean number of parameters, of decisions that pick one candidate.

    Of ``draws`` architectures, the same for all candidates, with the candidate put into each.
    """
    space = tools.space
    drawn = [tools.population.sample(rng) for _ in range(draws)]
    pairs = [
        (number, each) for number in decisions for each in range(len(space.decisions[number].candidates))
    ]
    return {
        pair: fmean(tools.parameters(space.normalise(_with(arch, *pair))) for arch in drawn) for pair in pairs
    }


def _with(arch: Architecture, decision: int, candidate: int) -> Architecture:
    return (*arch[:decision], (candidate,), *arch[decision + 1 :])
