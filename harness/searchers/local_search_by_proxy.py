"""Local search by a proxy: hill climbing among untrained networks, from random starts.

The algorithm is that of White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture
Search", UAI 2021, with a proxy's score in place of the accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.scorers import ANY
from harness.searchers._pool import EVALUATIONS, Pool
from harness.searchers._tools import Found, Networks
from harness.seeding import generator
from harness.spaces import Architecture

EVIDENCE = "networks"
KINDS = ANY
OPTIONS = {"evaluations": EVALUATIONS}


def search(tools: Networks, settings: Mapping[str, Any]) -> Found:
    """The best-scored network met in ``settings["evaluations"]`` evaluations, all within the limits.

    From a random start all neighbours (``space.neighbours``) within the limits are scored, in a random order
    and shared among the run's workers. The search goes on from the best of them, the first of equals in the
    order of ``space.neighbours``, as long as that scores higher than where it stands. At a local optimum it
    starts again from a network that is not known, until the budget is spent or none is left. A network scored
    before is free.
    """
    rng = generator(tools.seed, "local_search_by_proxy")
    pool = Pool(tools, settings["evaluations"])
    for start in tools.limits.drawn(tools.population, rng):
        if not pool.left:
            break
        if not pool.knows(start):
            _climb(tools, pool, start, rng)
    return pool.found()


def _climb(tools: Networks, pool: Pool, arch: Architecture, rng: np.random.Generator) -> None:
    """Go uphill from ``arch`` to a local optimum, or as far as the budget goes.

    No network is stood on twice: among more networks a population proxy may rank two of them otherwise.
    """
    pool.add([arch])
    stood: set[str] = set()
    while pool.left:
        stood.add(tools.space.canonical(arch))
        around = [each for each in tools.space.neighbours(arch) if tools.limits.within(each)]
        pool.add([around[index] for index in rng.permutation(len(around))])
        open_ones = [each for each in around if tools.space.canonical(each) not in stood]
        best = max(open_ones, key=pool.value, default=arch)
        if not pool.value(best) > pool.value(arch):
            return
        arch = best
