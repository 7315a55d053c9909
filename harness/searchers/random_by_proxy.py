"""Random search by a proxy: the best of n untrained networks.

Mellor et al., "Neural Architecture Search without Training", ICML 2021, algorithm 1 (NASWOT).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scorers import ANY
from harness.searchers._pool import EVALUATIONS, Pool
from harness.searchers._tools import Found, Networks
from harness.seeding import generator
from harness.spaces import Architecture

EVIDENCE = "networks"
KINDS = ANY
OPTIONS = {"evaluations": EVALUATIONS}


def search(tools: Networks, settings: Mapping[str, Any]) -> Found:
    """The best-scored of ``settings["evaluations"]`` distinct networks within the limits, drawn uniformly.

    All are scored on one batch, and are shared among the run's workers. Fewer are scored where the space has
    fewer within them, or, where nobody lists it, after 10,000 draws in a row outside.
    """
    rng = generator(tools.seed, "random_by_proxy")
    drawn: dict[str, Architecture] = {}
    for arch in tools.limits.drawn(tools.population, rng):
        drawn.setdefault(tools.space.canonical(arch), arch)
        if len(drawn) == settings["evaluations"]:
            break
    pool = Pool(tools, settings["evaluations"])
    pool.add(list(drawn.values()))
    return pool.found()
