"""Successive elimination: every stage asks for accuracies and drops the lowest candidate of each decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness.options import Option
from harness.scorers import Work
from harness.searchers import Budget, Queries
from harness.seeding import generator
from harness.spaces import Architecture, Mask, Space, only, without

if TYPE_CHECKING:
    from harness.training import Trained

KINDS = frozenset({"operation", "width"})
"""Decisions that pick one candidate each, whichever the others pick."""

REPEATS = Option(int, 10, "T: how often a stage tries every candidate that is left")
KEEP = Option(int, 1, "candidates that every decision is left with in the end")

Values = list[np.ndarray]
"""By decision one number per candidate; of one that is not left it does not count."""

Rule = Callable[[Mask], Values]
"""What a stage says of the candidates that are left; the lowest of a decision goes."""


def eliminate(space: Space, rule: Rule, rng: np.random.Generator, keep: int) -> Iterator[Mask]:
    """Drop the lowest candidate of every decision that has more than ``keep``, until none has.

    A candidate of which nothing is known (NaN) is lower than all others; of several lowest ones the dropped
    one is drawn.
    """
    mask = space.full_mask
    while any(sum(row) > keep for row in mask):
        values = rule(mask)
        for decision, row in enumerate(mask):
            left = np.flatnonzero(row)
            if len(left) > keep:
                mask = without(mask, decision, lowest(left, values[decision][left], rng))
        yield mask


def lowest(candidates: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> int:
    """The candidate of the lowest value, NaN the lowest of all, one of several by a draw."""
    ranked = np.where(np.isnan(values), -np.inf, values)
    tied = candidates[ranked == ranked.min()]
    return int(tied[rng.integers(len(tied))] if len(tied) > 1 else tied[0])


def dropped(
    mask: Mask, values: Values, count: int, rng: np.random.Generator, picks: Sequence[int] = ()
) -> Mask:
    """``mask`` without the ``count`` candidates of the lowest ``values``, over all decisions.

    A decision keeps as many as it ``picks``, one where that is not said, so that fewer may go. Of equal
    values the first to go is drawn; one of which nothing is known (NaN) is lower than all.
    """
    few = picks or [1] * len(mask)
    pairs = [
        (decision, candidate)
        for decision, row in enumerate(mask)
        for candidate in np.flatnonzero(row).tolist()
    ]
    shuffled = [pairs[place] for place in rng.permutation(len(pairs))]
    known = [np.where(np.isnan(each), -np.inf, each) for each in values]
    for decision, candidate in sorted(shuffled, key=lambda pair: known[pair[0]][pair[1]]):
        if count > 0 and sum(mask[decision]) > few[decision]:
            mask, count = without(mask, decision, candidate), count - 1
    return mask


def each_once(mask: Mask, rng: np.random.Generator) -> list[Architecture]:
    """As many architectures as the widest decision has candidates, so that each candidate is in one.

    Every decision draws its candidates without replacement. One with fewer draws them all again once they are
    used up.
    """
    left = [np.flatnonzero(row) for row in mask]
    count = max(map(len, left))
    columns = []
    for candidates in left:
        rounds = -(-count // len(candidates))
        columns.append(np.concatenate([rng.permutation(candidates) for _ in range(rounds)])[:count])
    return [tuple((int(pick),) for pick in picks) for picks in zip(*columns, strict=True)]


class Accuracies(Protocol):
    """Who says how accurate an architecture is."""

    def accuracy(self, arch: Architecture) -> float:
        """In per cent; not finite where it is not known."""


class Paths:
    """Accuracies of single paths of a trained supernet, by what is picked at ``decisions``: all, or some."""

    def __init__(self, trained: Trained, decisions: Sequence[int] | None = None) -> None:
        self._trained = trained
        self._decisions = range(len(trained.space.decisions)) if decisions is None else decisions

    def accuracy(self, arch: Architecture) -> float:
        """In per cent, on the whole validation half; other decisions stay open."""
        mask = self._trained.space.full_mask
        for decision, picks in zip(self._decisions, arch, strict=True):
            mask = only(mask, decision, picks)
        return self._trained.accuracy(mask)


def stage_means(asked: Accuracies, archs: Sequence[Architecture], sizes: Sequence[int]) -> Values:
    """By decision the mean accuracy, per cent, of those of ``archs`` that pick a candidate.

    What is not known does not count; NaN where nothing is known. ``sizes`` are the numbers of candidates.
    """
    picks = np.array(archs)[:, :, 0]
    return candidate_means(picks, np.array([asked.accuracy(arch) for arch in archs]), sizes)


def candidate_means(picks: np.ndarray, told: np.ndarray, sizes: Sequence[int]) -> Values:
    """By decision the mean of what was ``told``, (N,), of architectures that pick a candidate.

    ``picks`` are theirs, (N, decisions). What is not finite does not count; NaN where nothing is known.
    """
    known = np.isfinite(told)
    means = []
    for column, size in zip(picks[known].T, sizes, strict=True):
        counts = np.bincount(column, minlength=size)
        sums = np.bincount(column, weights=told[known], minlength=size)
        means.append(np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0))
    return means


def sampled_means(asked: Accuracies, space: Space, repeats: int, rng: np.random.Generator) -> Rule:
    """The rule that says the means of ``repeats`` times :func:`each_once`, drawn anew at every stage."""
    sizes = [len(decision.candidates) for decision in space.decisions]

    def rule(mask: Mask) -> Values:
        archs = [arch for _ in range(repeats) for arch in each_once(mask, rng)]
        return stage_means(asked, [space.normalise(arch) for arch in archs], sizes)

    return rule


def tuned(trained: Trained, rule: Rule) -> Rule:
    """``rule``, for which the supernet that a stage leaves is fine-tuned before the next one."""

    def after_tuning(mask: Mask) -> Values:
        if mask != trained.mask:
            trained.fine_tune(mask)
        return rule(mask)

    return after_tuning


def sampled_work(space: Space, settings: Mapping[str, Any]) -> Work:
    """``repeats`` accuracies for every candidate of a stage, and a fine-tuning between two stages."""
    stages = range(max(len(decision.candidates) for decision in space.decisions), settings["keep"], -1)
    return Work(settings["repeats"] * sum(stages), max(0, len(stages) - 1))


def opened(tools: Queries, name: str) -> tuple[Budget, np.random.Generator]:
    """What an elimination called ``name`` reads and draws by."""
    return Budget(tools), generator(tools.seed, name)
