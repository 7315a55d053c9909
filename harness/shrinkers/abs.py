r"""ABS: what turned the weights of its children least goes, on a supernet trained by single paths.

Hu, Liang, Guo, Wan, Zhang, Wei, Gu and Sun, "Angle-based Search Space Shrinking for Neural Architecture
Search", ECCV 2020, as its released code has it for NAS-Bench-201. The optimiser is the one that all supernets
have here (theirs: weight decay 5e-4, Nesterov's momentum).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.options import Option
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import Paths, Values, candidate_means, each_once, stage_means
from harness.spaces import Mask, Space, without

if TYPE_CHECKING:
    from torch import Tensor

    from harness.training import Trained

__all__ = [
    "ASKS",
    "EVIDENCE",
    "FAMILIES",
    "KINDS",
    "OPTIONS",
    "angles",
    "dropped",
    "shrink",
    "work",
]

EVIDENCE = "trained"
ASKS = {"training": "single_paths"}
KINDS = frozenset({"operation"})
FAMILIES = frozenset({"nb201"})
OPTIONS = {
    "by": Option(("angle", "magnitude", "accuracy"), "angle", "what is told of a child"),
    "drop": Option(int, 20, "candidates dropped in all"),
    "stage": Option(int, 20, "of these at a time, with a fine-tuning between two"),
    "rebase": Option(int, 50, "once more candidates than that are gone, angles are to the weights of then"),
    "repeats": Option(int, 10, "T of by=accuracy: how often a stage tries every candidate that is left"),
}


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    r"""Drop the ``stage`` candidates of the lowest scores, over all edges, until ``drop`` are gone.

    A candidate's score is the mean over all children of the present space that contain it. Of a child is told

    .. math:: \Delta = \arccos \min(1, \langle V_0, V \rangle / (\|V_0\| \|V\|))

    in radians, with ``V`` its weight vector (:class:`harness.networks.VectorProducts`) and ``V_0`` the same
    of the initial weights. These are replaced once, by the weights of the first stage that ends with more
    than ``rebase`` candidates gone. An edge's last candidate stays; of equal scores the dropped one is
    drawn. The supernet that a stage leaves is fine-tuned before the next one.

    Two comparators: ``by=magnitude`` tells ``||V||`` in place of the angle, and ``by=accuracy`` the accuracy
    on the whole validation half with statistics of the batches, of ``repeats`` times as many drawn children
    as an edge has candidates. Every child that something is told of counts as one score.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "abs")
    base, mask, gone = trained.initial, space.full_mask, 0
    while gone < settings["drop"] and any(sum(row) > 1 for row in mask):
        if mask != trained.mask:
            trained.fine_tune(mask)
        if settings["by"] == "accuracy":
            values = _accuracies(trained, mask, settings["repeats"], rng)
        else:
            values = _of_vectors(trained, base, mask, settings["by"])
        mask = dropped(mask, values, min(settings["stage"], settings["drop"] - gone), rng)
        gone = sum(len(row) - sum(row) for row in mask)
        if base is trained.initial and gone > settings["rebase"]:
            base = trained.present()
        yield mask


def _of_vectors(trained: Trained, base: Mapping[str, Tensor], mask: Mask, by: str) -> Values:
    from harness import networks  # loads torch

    picks = np.array(list(itertools.product(*(np.flatnonzero(row) for row in mask))))
    products = networks.vector_products(trained.supernet, base).of(picks)
    trained.evaluations += len(picks)
    told = angles(products) if by == "angle" else np.sqrt(products[:, 2])
    return candidate_means(picks, told, [len(row) for row in mask])


def angles(products: np.ndarray) -> np.ndarray:
    """Radians, (N,), by the inner products ``<V_0, V>``, ``<V_0, V_0>``, ``<V, V>`` of each child, (N, 3)."""
    mixed, first, last = products.T
    return np.arccos(np.minimum(1.0, mixed / np.sqrt(first * last)))


def _accuracies(trained: Trained, mask: Mask, repeats: int, rng: np.random.Generator) -> Values:
    children = [arch for _ in range(repeats) for arch in each_once(mask, rng)]
    return stage_means(Paths(trained), children, [len(row) for row in mask])


def dropped(mask: Mask, values: Values, count: int, rng: np.random.Generator) -> Mask:
    """``mask`` without the ``count`` candidates of the lowest ``values``, over all decisions.

    The last candidate of a decision stays, so that fewer may go. Of equal values the first to go is drawn.
    """
    pairs = [
        (decision, candidate)
        for decision, row in enumerate(mask)
        for candidate in np.flatnonzero(row).tolist()
    ]
    shuffled = [pairs[place] for place in rng.permutation(len(pairs))]
    for decision, candidate in sorted(shuffled, key=lambda pair: values[pair[0]][pair[1]]):
        if count > 0 and sum(mask[decision]) > 1:
            mask, count = without(mask, decision, candidate), count - 1
    return mask


def work(space: Space, settings: Mapping[str, Any]) -> Work:
    """Accuracies where they are asked for, and a fine-tuning between two stages."""
    stages = -(-settings["drop"] // settings["stage"])
    most = max(len(decision.candidates) for decision in space.decisions)
    accuracies = stages * settings["repeats"] * most if settings["by"] == "accuracy" else 0
    return Work(accuracies, stages - 1)
