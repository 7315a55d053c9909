"""Regularised (aging) evolution on a budget of table queries.

Real, Aggarwal, Huang and Le, "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
algorithm 1, with the population of 10 and the sample of 3 of the NAS-Bench-201 baseline (Dong and Yang,
ICLR 2020).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.options import Option
from harness.scorers import ANY
from harness.searchers._budget import QUERIES, Budget
from harness.searchers._limits import DRAWS
from harness.searchers._tools import Found, Queries
from harness.seeding import generator
from harness.spaces import Architecture

EVIDENCE = "queries"
KINDS = ANY
OPTIONS = {
    "queries": QUERIES,
    "population": Option(int, 10, "members; the oldest dies"),
    "sample": Option(int, 3, "members drawn for a parent, the best of which it is"),
}

Member = tuple[float, Architecture]
"""Accuracy in per cent and the architecture it is of."""


def search(tools: Queries, settings: Mapping[str, Any]) -> Found:
    """The most accurate network met in ``settings["queries"]`` queries, all within the limits.

    The first ``population`` members are drawn uniformly. From then on the best of ``sample`` members, drawn
    with replacement, is the parent; the child is the parent with another pick in one decision, and takes the
    place of the oldest member, however good that is. What is outside of the limits is thrown away, and drawn
    or made again. A network that was looked up before is free and joins the population like any other. The
    search ends early where 500 children in a row were known, or 10,000 were outside of the limits. Like
    random search it reads the very label it is judged by.
    """
    rng = generator(tools.seed, "regularized_evolution")
    budget = Budget(tools, settings["queries"])
    population: deque[Member] = deque(maxlen=settings["population"])
    missed = 0
    while budget.left and not budget.stuck and missed < DRAWS:
        if len(population) < settings["population"]:
            arch = tools.population.sample(rng)
        else:
            arch = tools.population.mutated(_parent(population, settings["sample"], rng), rng)
        missed = 0 if tools.limits.within(arch) else missed + 1
        if missed:
            continue
        population.append((budget.accuracy(arch), arch))  # at its full length it drops the oldest
    return budget.found()


def _parent(population: Sequence[Member], sample: int, rng: np.random.Generator) -> Architecture:
    drawn = [population[int(index)] for index in rng.integers(len(population), size=sample)]
    return max(drawn, key=lambda member: member[0])[1]
