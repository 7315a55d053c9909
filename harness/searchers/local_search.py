"""Local search on a budget of table queries.

White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021: hill
climbing by the best of all neighbours, from random starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.scorers import ANY
from harness.searchers._budget import QUERIES, Budget
from harness.searchers._tools import Found, Queries
from harness.seeding import generator
from harness.spaces import Architecture

EVIDENCE = "queries"
KINDS = ANY
OPTIONS = {"queries": QUERIES}


def search(tools: Queries, settings: Mapping[str, Any]) -> Found:
    """The most accurate network met in ``settings["queries"]`` queries, all within the limits.

    From a random start all neighbours (``space.neighbours``: one decision made otherwise) within the limits
    are looked up in a random order. The search goes on from the best of them, the first of equals in the
    order of ``space.neighbours``, as long as that is better than where it stands (best improvement). At a
    local optimum it starts again from an architecture whose network is not known, drawn uniformly, until the
    budget is spent or none is left. A network that was looked up before is free. Like random search it reads
    the very label it is judged by.
    """
    rng = generator(tools.seed, "local_search")
    budget = Budget(tools, settings["queries"])
    for start in tools.limits.drawn(tools.population, rng):
        if not budget.left:
            break
        if not budget.knows(start):
            _climb(tools, budget, start, rng)
    return budget.found()


def _climb(tools: Queries, budget: Budget, arch: Architecture, rng: np.random.Generator) -> None:
    """Go uphill from ``arch`` to a local optimum, or as far as the budget goes."""
    accuracy = budget.accuracy(arch)
    while budget.left:
        neighbours = [each for each in tools.space.neighbours(arch) if tools.limits.within(each)]
        if not neighbours:
            return
        accuracies = np.full(len(neighbours), -np.inf)
        for index in rng.permutation(len(neighbours)):
            if budget.left or budget.knows(neighbours[index]):
                accuracies[index] = budget.accuracy(neighbours[index])
        best = int(accuracies.argmax())
        if not accuracies[best] > accuracy:
            return
        arch, accuracy = neighbours[best], accuracies[best]
