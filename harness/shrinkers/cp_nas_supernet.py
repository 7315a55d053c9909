"""CP-NAS's elimination by accuracies of single paths on a trained supernet.

The rule is that of ``cp_nas``, which tells of the authors' own rating, by a child of binary weights and its
full-precision parent; here it is the accuracy of a path of full precision that shares its weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import KINDS, Paths, eliminate, sampled_means, tuned
from harness.shrinkers._elimination import sampled_work as work
from harness.shrinkers.cp_nas import OPTIONS
from harness.spaces import Mask

__all__ = ["ASKS", "EVIDENCE", "KINDS", "OPTIONS", "shrink", "work"]

EVIDENCE = "trained"
ASKS = {"training": "single_paths"}


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k m_k`` at every decision and stage, until ``keep`` candidates are left.

    ``m_k`` is the mean accuracy of the stage's ``repeats`` (T) paths that contain candidate k, on the whole
    validation half with statistics of the batches. A path that is drawn twice in a stage is measured once.
    The supernet that a stage leaves is fine-tuned before the next one.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "cp_nas")
    means = sampled_means(Paths(trained), space, settings["repeats"], rng)
    yield from eliminate(space, tuned(trained, means), rng, settings["keep"])
