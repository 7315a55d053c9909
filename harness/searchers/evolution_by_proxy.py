"""Evolution by a proxy: untrained networks, of which the best-scored live on.

Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition", ICCV 2021, algorithm 1, which
ZiCo (Li et al., ICLR 2023) and AZ-NAS (Lee and Ham, CVPR 2024) use too. The authors begin with mutations of
a given network, change two blocks at a time and score a network again that comes again; here the first ones
are drawn uniformly, a child differs in one decision, and a network is scored once.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from harness.options import Option
from harness.scorers import ANY
from harness.searchers._limits import DRAWS
from harness.searchers._pool import EVALUATIONS, REPEATS, Pool
from harness.searchers._tools import Found, Networks
from harness.seeding import generator

EVIDENCE = "networks"
KINDS = ANY
OPTIONS = {
    "evaluations": EVALUATIONS,
    "population": Option(int, 10, "members; the worst-scored leaves; Zen-NAS's code has 512"),
}

STARTS = 10
"""Networks drawn before the first mutation, as in Zen-NAS's code; no more than the population."""


def search(tools: Networks, settings: Mapping[str, Any]) -> Found:
    """The best-scored network met in ``settings["evaluations"]`` evaluations, all within the limits.

    After the first ones each child is a mutation (``space.mutated``) of a member drawn uniformly. It joins
    the members where it is within the limits and its network is none of theirs; then the worst-scored leaves,
    the oldest of equals. A network scored before is free. The search ends early after 500 children in a row
    that are no new network, or 10,000 outside of the limits.
    """
    space, rng = tools.space, generator(tools.seed, "evolution_by_proxy")
    pool = Pool(tools, settings["evaluations"])
    starts = tools.limits.drawn(tools.population, rng)
    archs = list(islice(starts, min(STARTS, settings["population"], settings["evaluations"])))
    pool.add(archs)
    members = {space.canonical(arch): arch for arch in archs}
    known = missed = 0
    while members and pool.left and known < REPEATS and missed < DRAWS:
        child = space.mutated(list(members.values())[int(rng.integers(len(members)))], rng)
        missed = 0 if tools.limits.within(child) else missed + 1
        if missed:
            continue
        known = known + 1 if pool.knows(child) else 0
        pool.add([child])
        members.setdefault(space.canonical(child), child)
        if len(members) > settings["population"]:
            del members[min(members, key=lambda network: pool.value(members[network]))]
    return pool.found()
