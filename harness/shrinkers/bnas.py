"""BNAS's reduction of a space, on a trained supernet: the half with the smallest parameters is tested.

Chen, Zhuo, Zhang, Zheng, Liu, Ji, Doermann and Guo, "Binarized Neural Architecture Search", AAAI 2020. Its
search code was not released; the rule is as a public re-implementation has it, which agrees with the
paper's text. Theirs searches among binary convolutions and samples channels; here the supernet is DARTS's
unless ``training.convolutions=xnor`` and ``training.channel_sampling`` say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.options import Option
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import KEEP, KINDS, Values, each_once, eliminate, stage_means
from harness.shrinkers.halved_softmax import softmax
from harness.spaces import Architecture, Mask, Space

if TYPE_CHECKING:
    from harness.training import Trained

__all__ = ["ASKS", "EVIDENCE", "KINDS", "OPTIONS", "shrink", "updated", "work"]

EVIDENCE = "trained"
ASKS = {"training": "darts", "alphas": True}
OPTIONS = {
    "repeats": Option(int, 3, "T: how often a stage tries every candidate of the smaller half"),
    "keep": KEEP,
}


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop ``argmin_k s_k`` at every decision and stage, until ``keep`` candidates are left.

    Of K candidates the ``ceil(K / 2)`` with the smallest architecture parameters are drawn without
    replacement, ``repeats`` (T) times: each draw is a child of one candidate per decision, fine-tuned from
    the supernet's weights, whose accuracy on the validation half counts for all its candidates. With
    ``m_k`` the mean of these, as a fraction of one, and ``p = softmax(m)`` over the smaller half, ``s_k <-
    s_k / 2 + p_k`` there and ``s_k <- s_k / 2 + (max p + mean p) / 2`` in the larger half; ``s_k = 0`` at
    first. The supernet that a stage leaves is fine-tuned before the next one.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "bnas")
    scores: Values = [np.zeros(len(decision.candidates)) for decision in space.decisions]

    def rule(mask: Mask) -> Values:
        if mask != trained.mask:
            trained.fine_tune(mask)
        alphas = [alpha.detach().cpu().numpy() for alpha in trained.alphas]
        small = tuple(smaller_half(alpha, row) for alpha, row in zip(alphas, mask, strict=True))
        children = [arch for _ in range(settings["repeats"]) for arch in each_once(small, rng)]
        means = stage_means(_Children(trained), children, [len(each) for each in scores])
        for number, row in enumerate(mask):
            scores[number] = updated(
                scores[number], means[number], np.asarray(row), np.asarray(small[number])
            )
        return scores

    yield from eliminate(space, rule, rng, settings["keep"])


class _Children:
    """Accuracies of children, each fine-tuned from the supernet's weights, which stay as they are."""

    def __init__(self, trained: Trained) -> None:
        self._trained, self._before = trained, trained.state()

    def accuracy(self, arch: Architecture) -> float:
        """In per cent, on the whole validation half."""
        mask = self._trained.space.mask_of(arch)
        self._trained.fine_tune(mask)
        accuracy = self._trained.accuracy(mask)
        self._trained.restore(self._before)
        return accuracy


def smaller_half(alphas: np.ndarray, row: tuple[bool, ...]) -> tuple[bool, ...]:
    """Of the candidates left in ``row`` the ``ceil(K / 2)`` with the smallest ``alphas``."""
    left = np.flatnonzero(row)
    small = left[np.argsort(alphas[left], kind="stable")][: -(-len(left) // 2)]
    return tuple(candidate in small for candidate in range(len(row)))


def updated(scores: np.ndarray, means: np.ndarray, left: np.ndarray, small: np.ndarray) -> np.ndarray:
    """``s`` after a stage; see :func:`shrink`. What is not ``left`` stays as it is.

    Parameters
    ----------
    scores, means
        ``s`` and the mean accuracies in per cent, (K,); ``means`` are read where ``small`` is true.
    left, small
        Which candidates are left, and are of the smaller half, (K,).
    """
    shares = softmax(means / 100, small)
    bonus = (shares[small].max() + shares[small].mean()) / 2
    return np.where(left, scores / 2 + np.where(small, shares, bonus), scores)


def work(space: Space, settings: Mapping[str, Any]) -> Work:
    """An accuracy and a fine-tuning for every child, and a fine-tuning between two stages."""
    most = max(len(decision.candidates) for decision in space.decisions)
    stages = range(most, settings["keep"], -1)
    children = settings["repeats"] * sum(-(-count // 2) for count in stages)
    return Work(children, children + max(0, len(stages) - 1))
