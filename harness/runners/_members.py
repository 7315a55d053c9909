"""Members of an ensemble, picked in a shrunk space by the supernet, without a look at the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.spaces import Architecture, Mask

if TYPE_CHECKING:
    from torch import Tensor

    from harness.training import Trained


def picked(
    trained: Trained, mask: Mask, members: int, split: int, children: int, rng: np.random.Generator
) -> list[Architecture]:
    """``members`` of the ``children`` drawn of what ``mask`` leaves, each the best beside those before it.

    The best is the one with which the mean of the class probabilities gets most of the validation half
    right; of several the one with the lower cross-entropy, then the first drawn. A member has the decisions
    of the first one that are made in the ``split`` layers which they share, and is another architecture than
    the others while there is one: else the first is taken again, which trains from other initial weights.
    """
    from harness import networks

    space, targets = trained.space, trained.images.targets("valid")
    drawn = [space.normalise(space.arch_of(space.path(mask, rng))) for _ in range(children)]
    shared = networks.shared_decisions(trained.supernet, split)
    outputs: dict[Architecture, Tensor] = {}
    chosen: list[Architecture] = []
    while len(chosen) < members:
        beside = dict.fromkeys(_sharing(chosen[0], arch, shared) if chosen else arch for arch in drawn)
        others = [arch for arch in beside if arch not in chosen] or chosen[:1]
        for arch in others:
            if arch not in outputs:
                outputs[arch] = trained.outputs(space.mask_of(arch)).double()
        before = sum(outputs[arch] for arch in chosen)
        chosen.append(max(others, key=lambda arch: _told(before + outputs[arch], targets)))
    return chosen


def _sharing(first: Architecture, arch: Architecture, shared: frozenset[int]) -> Architecture:
    """``arch`` with the decisions of ``first`` that are ``shared``."""
    return tuple(first[place] if place in shared else picks for place, picks in enumerate(arch))


def _told(probabilities: Tensor, targets: Tensor) -> tuple[int, float]:
    """How many images are right, and the mean log-probability of their classes, up to a constant."""
    right = (probabilities.argmax(1) == targets).sum()
    return int(right), float(probabilities.gather(1, targets[:, None]).log().mean())
