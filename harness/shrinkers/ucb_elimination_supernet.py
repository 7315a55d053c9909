"""Elimination by upper confidence bounds of accuracies of single paths on a trained supernet.

The rule is that of ``ucb_elimination``, a relative of ABanditNAS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import KINDS, Paths, eliminate, tuned
from harness.shrinkers._elimination import sampled_work as work
from harness.shrinkers.ucb_elimination import OPTIONS, bounds
from harness.spaces import Mask

__all__ = ["ASKS", "EVIDENCE", "KINDS", "OPTIONS", "shrink", "work"]

EVIDENCE = "trained"
ASKS = {"training": "single_paths"}


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k m_k + d_k`` as ``ucb_elimination`` does, by accuracies of paths.

    An accuracy is that of a single path on the whole validation half with statistics of the batches. The
    supernet that a stage leaves is fine-tuned before the next one; values and counts go on.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "ucb_elimination")
    rule = bounds(Paths(trained), space, settings, rng)
    yield from eliminate(space, tuned(trained, rule), rng, settings["keep"])
