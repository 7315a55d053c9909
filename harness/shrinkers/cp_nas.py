"""CP-NAS's elimination by counted queries: the candidate of the lowest mean accuracy goes, edge by edge.

Zhuo et al., "CP-NAS: Child-Parent Neural Architecture Search for Binary Neural Networks", IJCAI 2020: all K
candidates of every edge are sampled without replacement, T times, and the lowest is removed, until one is
left. Theirs rates a sample by the accuracy of a binarised child and of its full-precision parent after an
epoch of training each; an accuracy looked up is the whole rating here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.searchers import Queries
from harness.shrinkers._elimination import KEEP, KINDS, REPEATS, eliminate, opened, sampled_means
from harness.spaces import Mask

__all__ = ["EVIDENCE", "KINDS", "OPTIONS", "shrink"]

EVIDENCE = "queries"
OPTIONS = {"repeats": REPEATS, "keep": KEEP}


def shrink(tools: Queries, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k m_k`` at every decision and stage, until ``keep`` candidates are left.

    ``m_k`` is the mean accuracy of the stage's ``repeats`` (T) architectures that contain candidate k. A
    stage with K candidates draws K T architectures, 14 T in all of NAS-Bench-201; a network that was looked
    up before is free, so that there may be fewer queries.
    """
    budget, rng = opened(tools, "cp_nas")
    means = sampled_means(budget, tools.space, settings["repeats"], rng)
    yield from eliminate(tools.space, means, rng, settings["keep"])
