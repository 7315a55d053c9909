"""Random search: query the table for distinct random networks and keep the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scorers import ANY
from harness.searchers._budget import QUERIES, Budget
from harness.searchers._tools import Found, Queries
from harness.seeding import generator

EVIDENCE = "queries"
KINDS = ANY
OPTIONS = {"queries": QUERIES}


def search(tools: Queries, settings: Mapping[str, Any]) -> Found:
    """The most accurate of ``settings["queries"]`` distinct networks within the limits, drawn uniformly.

    It reads the very label it is judged by, so it shows what so many evaluations of fully
    trained networks buy, not what an untrained search could know.
    """
    budget, rng = Budget(tools, settings["queries"]), generator(tools.seed, "random_search")
    for arch in tools.limits.drawn(tools.population, rng):
        if not budget.knows(arch):
            budget.accuracy(arch)
        if not budget.left:
            break
    return budget.found()
