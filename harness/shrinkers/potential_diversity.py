r"""Shrinking by potential and diversity: what its children get right, and how their outputs differ.

The names are those of NEAS (Chen, Fu and Ling, "One-Shot Neural Ensemble Architecture Search by
Diversity-Guided Search Space Shrinking", CVPR 2021). Its search and its shrinking were never released: the
formula, the children and the stages here are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.options import Option, Share
from harness.scorers import ANY, SCALES, Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import Values, dropped
from harness.spaces import Architecture, Mask, Space

if TYPE_CHECKING:
    from torch import Tensor

    from harness.training import Trained

__all__ = ["ASKS", "EVIDENCE", "KINDS", "OPTIONS", "combined", "divergences", "shrink", "swapped", "work"]

EVIDENCE = "trained"
ASKS = {"training": "single_paths"}
KINDS = ANY
OPTIONS = {
    "weight": Option(Share(closed=True), 0.5, "w: how much diversity counts beside potential, 0 to 1"),
    "contexts": Option(int, 4, "T: drawn children of a stage in which every candidate is tried"),
    "drop": Option(int, 20, "candidates dropped in all, while there are some to spare"),
    "stage": Option(int, 5, "of these at a time, with a fine-tuning between two"),
}


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    r"""Drop the ``stage`` candidates of the lowest scores, over all decisions, until ``drop`` are gone.

    A stage draws ``contexts`` (T) children of the space that is left, as training draws its paths. In each,
    a decision's candidates take turns, all else as it is (:func:`swapped`): child ``c`` of context ``t``
    gives a validation image ``x`` the class probabilities ``p_{t,c}(x)``. With K children of a decision,

    .. math::

        P_c = \frac{1}{T} \sum_t accuracy(p_{t,c}), \qquad
        D_c = \frac{1}{T} \sum_t \frac{1}{K - 1} \sum_{c' \ne c} \frac{1}{N} \sum_x
              JS(p_{t,c}(x), p_{t,c'}(x)),

    the potential in per cent and the diversity in bits (:func:`divergences`), over the N images of the
    validation half, with statistics of the batches. The score is ``(1 - w) z(P_c) + w z_d(D_c)``, ``w`` the
    ``weight``; ``z`` standardises over all candidates, ``z_d`` over those of one decision (:func:`combined`).

    A decision that has no effect in a context is not tried there; what was tried in none goes last. Every
    child counts as one score; of equal scores the dropped one is drawn. The supernet that a stage leaves is
    fine-tuned before the next one.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "potential_diversity")
    picks = [decision.picks for decision in space.decisions]
    mask, gone = space.full_mask, 0
    while gone < settings["drop"] and any(sum(row) > few for row, few in zip(mask, picks, strict=True)):
        if mask != trained.mask:
            trained.fine_tune(mask)
        scores = combined(*_measured(trained, mask, settings["contexts"], rng), settings["weight"])
        mask = dropped(mask, scores, min(settings["stage"], settings["drop"] - gone), rng, picks)
        gone = sum(len(row) - sum(row) for row in mask)
        yield mask


def swapped(
    context: Architecture, decision: int, row: tuple[bool, ...], rng: np.random.Generator
) -> dict[int, Architecture]:
    """By candidate that ``row`` leaves the ``context`` with it at ``decision``.

    Where a decision picks more than one, it takes the place of a drawn one of the context's; the others stay,
    and have no child of their own.
    """
    others = set(context[decision]) - {int(rng.choice(context[decision]))}
    return {
        candidate: (*context[:decision], tuple(sorted({candidate, *others})), *context[decision + 1 :])
        for candidate in np.flatnonzero(row).tolist()
        if candidate not in others
    }


def _measured(trained: Trained, mask: Mask, contexts: int, rng: np.random.Generator) -> tuple[Values, Values]:
    """Potential and diversity of every candidate, NaN where it was not tried."""
    import torch

    space, targets = trained.space, trained.images.targets("valid")
    told = [np.full((2, contexts, len(row)), np.nan) for row in mask]
    for number in range(contexts):
        context = space.arch_of(space.path(mask, rng))
        outputs = cache(lambda child: trained.outputs(space.mask_of(child)))
        for index, tried in enumerate(_tried(space, context, mask)):
            if not tried:
                continue
            children = swapped(context, index, mask[index], rng)
            found = torch.stack([outputs(child) for child in children.values()])
            right = (found.argmax(2) == targets).double().mean(1)
            apart = divergences(found).sum(1) / (len(children) - 1)
            told[index][:, number, list(children)] = torch.stack([100 * right, apart]).cpu().numpy()
    means = [_means(each) for each in told]
    return [each[0] for each in means], [each[1] for each in means]


def _tried(space: Space, context: Architecture, mask: Mask) -> list[bool]:
    """By decision whether candidates take turns: it is open in ``mask``, and made and active in ``context``.

    A space may have children that leave decisions open, since its supernets are trained so.
    """
    made = [len(picks) == each.picks for each, picks in zip(space.decisions, context, strict=True)]
    active = space.active(context) if all(made) else made
    open_ = [sum(row) > each.picks for each, row in zip(space.decisions, mask, strict=True)]
    return [all(each) for each in zip(made, active, open_, strict=True)]


def _means(told: np.ndarray) -> np.ndarray:
    """Over the contexts, (2, T, K) to (2, K), in which a candidate was tried; NaN where it was in none."""
    counts = np.isfinite(told).sum(1)
    return np.divide(np.nansum(told, 1), counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def divergences(outputs: Tensor) -> Tensor:
    r"""Mean Jensen-Shannon divergence of every two networks' class probabilities, in bits.

    .. math:: JS(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2, \qquad H(p) = -\sum_k p_k \log_2 p_k

    from 0, the same, to 1, nothing in common.

    Parameters
    ----------
    outputs
        ``(K, N, classes)``, of K networks and N images.

    Returns
    -------
    Tensor
        ``(K, K)``, in double precision, 0 on the diagonal.
    """
    from torch import stack

    own = outputs.double()
    entropies = _entropy(own)
    return stack(
        [(_entropy((own + each) / 2) - (entropies + _entropy(each)) / 2).clamp_min(0).mean(1) for each in own]
    )


def _entropy(probabilities: Tensor) -> Tensor:
    """In bits, over the last dimension."""
    from torch import special

    return special.entr(probabilities).sum(-1) / np.log(2)


def combined(potential: Values, diversity: Values, weight: float) -> Values:
    """``(1 - weight) z(potential) + weight z_d(diversity)`` of every candidate, infinite where unknown.

    Both are less a mean, divided by a standard deviation, 0 where all are equal: ``z`` over all candidates of
    which both are known, ``z_d`` over those of the same decision. How far a decision's children are apart on
    the whole says how much hangs on it, and nothing of which candidate to keep.
    """
    flat = np.concatenate(potential)
    known = np.isfinite(flat)
    scores = np.full(len(flat), np.inf)
    if known.any():
        tried = [each[np.isfinite(each)] for each in diversity]
        apart = np.concatenate([SCALES["z"](each) for each in tried if len(each)])
        scores[known] = (1 - weight) * SCALES["z"](flat[known]) + weight * apart
    return np.split(scores, np.cumsum([len(each) for each in potential])[:-1])


def work(space: Space, settings: Mapping[str, Any]) -> Work:
    """Children while nothing is dropped, an upper bound later; a fine-tuning between two stages."""
    spare = sum(len(decision.candidates) - decision.picks for decision in space.decisions)
    drop = min(settings["drop"], spare)
    stages = -(-drop // settings["stage"])
    children = sum(1 + spare - settings["stage"] * stage for stage in range(stages))
    return Work(settings["contexts"] * children, stages - 1)
