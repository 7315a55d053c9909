r"""ABS: what turned the weights of its children least goes, on a supernet trained by single paths.

Hu, Liang, Guo, Wan, Zhang, Wei, Gu and Sun, "Angle-based Search Space Shrinking for Neural Architecture
Search", ECCV 2020, as its released code has it for each space; the angle of RLNAS (Zhang, Hou, Zhang and Sun,
"Neural Architecture Search with Random Labels", CVPR 2021) is a variant. The optimiser is the one that all
supernets have here (theirs, on NAS-Bench-201: weight decay 5e-4, Nesterov's momentum).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import ConfigError
from harness.options import Option
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers import _children
from harness.shrinkers._children import Rows
from harness.shrinkers._elimination import Paths, Values, candidate_means, each_once, stage_means
from harness.shrinkers._schedule import Plan
from harness.shrinkers._told import Told
from harness.spaces import Architecture, Mask, Space

if TYPE_CHECKING:
    from torch import Tensor

    from harness.training import Trained

__all__ = [
    "ASKS",
    "EVIDENCE",
    "FAMILIES",
    "KINDS",
    "LIMITED_FAMILIES",
    "OPTIONS",
    "angles",
    "require",
    "shrink",
    "told",
    "work",
]

EVIDENCE = "trained"
ASKS = {"training": "single_paths"}
KINDS = frozenset({"operation", "input"})
FAMILIES = frozenset({"nb201", "mobilenet", "nbmacro", "darts"})
LIMITED_FAMILIES = FAMILIES - {"darts"}
OPTIONS = {
    "by": Option(("angle", "magnitude", "accuracy"), "angle", "what is told of a child"),
    "drop": Option(int, 20, "candidates dropped in all, of schedule=total"),
    "stage": Option(int, 20, "of these at a time, with a fine-tuning between two"),
    "rebase": Option(int, 50, "once more candidates than that are gone, angles are to the weights of then"),
    "repeats": Option(int, 10, "T of by=accuracy: how often a stage tries every candidate that is left"),
    "form": Option(("abs", "rlnas"), "abs", "whose weight vectors angles and magnitudes are of", later=True),
    "schedule": Option(
        ("default", "total", "widest", "each"), "default", "how many go at a time; by space", later=True
    ),
    "until": Option(int, 1_000_000, "architectures of a cell at which widest and each end", later=True),
    "children": Option(int, 1000, "of each candidate, where all are too many to tell of", later=True),
}
ACCURACIES = 64
"""So many architectures are told an accuracy of, where that is compared with the truth: as many as there are
of convolutions alone in NAS-Bench-201."""


def shrink(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Iterator[Mask]:
    r"""Drop the candidates of the lowest scores, stage by stage.

    A candidate's score is the mean over children of the present space that contain it: all, or
    :func:`harness.shrinkers._children.children`. Of a child is told

    .. math:: \Delta = \arccos \min(1, \langle V_0, V \rangle / (\|V_0\| \|V\|))

    in radians, with ``V`` its weight vector (:class:`harness.networks.VectorProducts`, in the ``form`` asked
    for) and ``V_0`` the same of the initial weights. These are replaced once, by the weights of the first
    stage that ends with more than ``rebase`` candidates gone, but not by ``schedule=each``. A decision's last
    candidate stays; of equal scores the dropped one is drawn. The supernet that a stage leaves is fine-tuned
    before the next one.

    Schedules: ``total`` drops the ``stage`` lowest over all decisions until ``drop`` are gone, ``widest`` as
    many at a time as the widest decision has candidates, ``each`` the lowest of every decision. Both end as
    soon as every cell has at most ``until`` architectures, inputs left aside.

    Operations alone are decided. Where there are inputs to pick (DARTS), a child has an operation on every
    edge and all inputs, as the supernet is trained.

    Two comparators: ``by=magnitude`` tells ``||V||`` in place of the angle, and ``by=accuracy`` the accuracy
    on the whole validation half with statistics of the batches, of ``repeats`` times as many drawn children
    as a decision has candidates. Every child that something is told of counts as one score.
    """
    space, trained, rng = tools.space, tools.trained, generator(tools.seed, "abs")
    plan, decisions = Plan(space, settings), _children.operations(space)
    draws = generator(tools.seed, "abs", "children")
    base, mask = trained.initial, space.full_mask
    rows = tuple(mask[number] for number in decisions)
    while plan.goes_on(rows):
        if mask != trained.mask:
            trained.fine_tune(mask)
        if settings["by"] == "accuracy":
            values = _accuracies(trained, decisions, rows, settings["repeats"], rng)
        else:
            values = _of_vectors(tools, base, rows, settings, draws)
        rows = plan.next(rows, values, rng)
        if base is trained.initial and plan.rebases(rows):
            base = trained.present()
        mask = _children.with_rows(mask, decisions, rows)
        yield mask


def _of_vectors(
    tools: TrainedSupernet,
    base: Mapping[str, Tensor],
    rows: Rows,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> Values:
    space, limits = tools.space, tools.limits

    def within(picks: np.ndarray) -> bool:
        return limits.within(space.normalise(tuple((int(pick),) for pick in picks)))

    picks = _children.children(rows, settings["children"], within if limits.bounds else None, rng)
    tools.trained.evaluations += len(picks)
    return candidate_means(picks, _vectors(tools.trained, base, settings, picks), [len(row) for row in rows])


def _vectors(
    trained: Trained, base: Mapping[str, Tensor], settings: Mapping[str, Any], picks: np.ndarray
) -> np.ndarray:
    """What is told of children, (N,), by the operations that they pick, (N, D)."""
    from harness import networks  # loads torch

    products = networks.vector_products(trained.supernet, base, settings["form"]).of(picks)
    return angles(products) if settings["by"] == "angle" else np.sqrt(products[:, 2])


def angles(products: np.ndarray) -> np.ndarray:
    """Radians, (N,), by the inner products ``<V_0, V>``, ``<V_0, V_0>``, ``<V, V>`` of each child, (N, 3).

    The angle of the vector 0 is 0.
    """
    mixed, first, last = products.T
    lengths = np.sqrt(first * last)
    cosines = np.divide(mixed, lengths, out=np.ones_like(mixed), where=lengths > 0)
    return np.arccos(np.minimum(1.0, cosines))


def _accuracies(
    trained: Trained, decisions: Sequence[int], rows: Rows, repeats: int, rng: np.random.Generator
) -> Values:
    drawn = [arch for _ in range(repeats) for arch in each_once(rows, rng)]
    return stage_means(Paths(trained, decisions), drawn, [len(row) for row in rows])


def told(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Told:
    """What is told of an architecture by the trained supernet, before anything is dropped."""
    trained, space = tools.trained, tools.space

    def vectors(archs: Sequence[Architecture]) -> np.ndarray:
        from harness import networks  # loads torch

        return _vectors(trained, trained.initial, settings, _children.picks_of(space, archs, networks.ABSENT))

    def accuracies(archs: Sequence[Architecture]) -> np.ndarray:
        return np.array([trained.measured_accuracy(space.mask_of(arch)) for arch in archs])

    if settings["by"] == "accuracy":
        return Told(accuracies, ACCURACIES)
    return Told(vectors)


def require(space: Space, settings: Mapping[str, Any], limits: Mapping[str, float]) -> None:
    """Make sure that something is dropped, and that limits can be kept.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    plan = Plan(space, settings)
    rows = tuple(space.full_mask[number] for number in _children.operations(space))
    if not plan.goes_on(rows):
        raise ConfigError(
            f"shrinker.schedule={plan.schedule} ends at {settings['until']:,} architectures, and "
            f"{space.name} has {plan.size(rows):,}, so that nothing would be dropped: take a smaller "
            "shrinker.until, or shrinker.schedule=total."
        )
    if limits and settings["by"] == "accuracy":
        raise ConfigError(
            "Limits are on the children that angles and magnitudes are told of; received "
            f"limits.{next(iter(limits))} with shrinker.by=accuracy, which draws every candidate equally "
            "often: take shrinker.by=angle, or no limits."
        )


def work(space: Space, settings: Mapping[str, Any]) -> Work:
    """Accuracies where they are asked for and to be judged, and a fine-tuning between two stages."""
    stages = Plan(space, settings).stages()
    most = max(len(space.decisions[number].candidates) for number in _children.operations(space))
    accuracies = stages * settings["repeats"] * most + 2 * ACCURACIES
    return Work(accuracies if settings["by"] == "accuracy" else 0, stages - 1)
