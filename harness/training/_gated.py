r"""Training the sub-space of a round: layers of several branches, and gates that say how fit each one is.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021, as its released code describes
it; that code stops before a round's end, so that it is a description and no reference.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.inputs import Batch
from harness.networks import Gate, Supernet
from harness.seeding import generator
from harness.spaces import Mask
from harness.training._images import Images
from harness.training._trained import Length, Trained

KEPT = 0.5
"""How likely a step of the weights keeps a candidate."""

EVERY = 2
"""One of so many steps moves the gates too."""

LOWEST = -2.0
"""A candidate whose gate's parameter is below is dropped."""

PRICE = 0.9
"""Of the squared relative distance from the target: the authors' 1e-5 (C - 300)^2, with C in millions."""

Subset = tuple[int, ...]


@dataclass(frozen=True)
class Round:
    """What a round's supernet is trained for.

    Attributes
    ----------
    number
        From 0; weights and draws are the round's own.
    mask
        The sub-space.
    inherited
        Which of its candidates came from the round before; they are not dropped.
    costs
        By decision what each candidate costs, in millions; ``fixed`` is what the rest costs.
    target
        The cost that is aimed at, in millions.
    """

    number: int
    mask: Mask
    inherited: Mask
    costs: tuple[tuple[float, ...], ...]
    fixed: float
    target: float

    def cost(self, chosen: Mask) -> float:
        """Millions that the network of the branches ``chosen`` costs."""
        rows = zip(self.costs, chosen, strict=True)
        return self.fixed + sum(cost for own, row in rows for cost, on in zip(own, row, strict=True) if on)


class Gated(Trained):
    r"""A round's supernet. A mask here says which branches run, all of a decision's at once, or none.

    A layer puts out the average of its branches (:meth:`harness.networks.Supernet.averaged`), and none may
    run only where it passes its input on. A candidate's gate is open with the probability
    :math:`p = 0.999 / (1 + e^{-\alpha}) + 0.0005`, each by itself.

    A step of the weights keeps every candidate with probability one half, drawn again where a layer that
    must not be empty would be. Every second step of an epoch moves the gates first, on images of the other
    half: of each decision two different sets are drawn, without replacement, by their probabilities ``P``;
    the first one runs, and with :math:`q = P_1 / (P_1 + P_2)` the gradient goes through both
    (:class:`harness.networks.Gate`). The loss is cross-entropy and

    .. math:: 0.9 \left( \frac{C - T}{T} \right)^2, \quad C = \text{fixed} + \sum (q c_1 + (1 - q) c_2)

    with ``c`` the costs of the sets and ``T`` the target. Before a step candidates with :math:`\alpha < -2`
    are dropped, but none that was inherited, and none of the last two of a layer that must not be empty.

    Attributes
    ----------
    round
        What it is trained for.
    passing
        By decision whether none of its candidates has to run.
    """

    alpha_optimiser: Mapping[str, Any] = MappingProxyType({"lr": 0.005, "betas": (0.0, 0.999)})

    def __init__(
        self,
        supernet: Supernet,
        images: Images,
        method: ModuleType,
        length: Length,
        seed: int,
        round_: Round,
    ) -> None:
        super().__init__(supernet, images, method, length, seed)
        self.round, self.mask, self.passing = round_, round_.mask, supernet.passing
        self._moves, self._draws = False, generator(seed)

    def gates(self) -> list[np.ndarray]:
        """By decision how likely each candidate's gate is open, (K,); 0 of those that are not left."""
        return [
            np.where(row, _open(alpha.detach()).double().cpu().numpy(), 0.0)
            for alpha, row in zip(self.alphas, self.mask, strict=True)
        ]

    def best(self) -> tuple[Mask, float]:
        """The most accurate branches of all that were measured, and their accuracy in per cent."""
        found = max(self._accuracies, key=self._accuracies.__getitem__)
        return found, self._accuracies[found]

    def drawn(self, shares: Sequence[np.ndarray], rng: np.random.Generator) -> Mask:
        """Branches that run: each candidate with its own share, anew where a layer must not be empty."""
        return tuple(_draw(share, passes, rng) for share, passes in zip(shares, self.passing, strict=True))

    def paths(self, *names: object) -> Iterator[Mask]:
        """Without end, which branches a step trains: one half of what is left."""
        rng = generator(self.seed, "training", "paths", *names)
        while True:
            yield self.drawn([KEPT * np.asarray(row) for row in self.mask], rng)

    def _logits(self, batch: Batch, mask: Mask) -> Tensor:
        gates = [Gate(tuple(np.flatnonzero(row).tolist())) for row in mask]
        return self.supernet.averaged(gates)(batch.images)

    def begin(self, number: int, *names: object) -> None:
        """Drop what is hardly ever open, and see whether the step moves the gates."""
        rows = zip(self.mask, self.round.inherited, self.passing, self.alphas, strict=True)
        self.mask = tuple(
            left_of(row, inherited, passes, alpha.tolist()) for row, inherited, passes, alpha in rows
        )
        self._moves = number % EVERY == EVERY - 1
        self._draws = generator(self.seed, "training", "gates", *names, number)

    def _step_alphas(self, optimiser: torch.optim.Adam, train: Batch, valid: Batch, rate: float) -> None:
        if self._moves:
            super()._step_alphas(optimiser, train, valid, rate)

    def _learning(self) -> list[bool]:
        return [len(subsets_of(*each)) > 1 for each in zip(self.mask, self.passing, strict=True)]

    def gate_gradient(self, valid: Batch) -> list[Tensor]:
        """Gradient of the loss with respect to every decision's parameters, by sets drawn now."""
        pairs = [
            self._pair(alpha, subsets_of(row, passes))
            for alpha, row, passes in zip(self.alphas, self.mask, self.passing, strict=True)
        ]
        loss = F.cross_entropy(self.supernet.averaged(pairs)(valid.images), valid.targets)
        loss = loss + PRICE * (self._cost(pairs) / self.round.target - 1) ** 2
        return self.gradients(loss, self.alphas)

    def _pair(self, alpha: Tensor, subsets: Sequence[Subset]) -> Gate:
        """Two different ones of ``subsets``; the only one where there is no other."""
        if len(subsets) == 1:
            return Gate(subsets[0])
        left = sorted({candidate for subset in subsets for candidate in subset})
        gates = _open(alpha)
        chances = [
            torch.stack([gates[each] if each in subset else 1 - gates[each] for each in left]).prod()
            for subset in subsets
        ]
        weights = np.array([float(chance.detach()) for chance in chances])
        first, second = self._draws.choice(len(subsets), 2, replace=False, p=weights / weights.sum())
        share = chances[first] / (chances[first] + chances[second])
        return Gate(subsets[first], subsets[second], share)

    def _cost(self, pairs: Sequence[Gate]) -> Tensor:
        total = torch.as_tensor(self.round.fixed)
        for pair, costs in zip(pairs, self.round.costs, strict=True):
            first, second = (sum(costs[each] for each in subset) for subset in (pair.chosen, pair.other))
            total = total + (first if pair.share is None else pair.share * first + (1 - pair.share) * second)
        return total


def subsets_of(row: Sequence[bool], passes: bool) -> list[Subset]:
    """All sets of the candidates that are left; the empty one where the layer ``passes`` its input on."""
    left = np.flatnonzero(row).tolist()
    sizes = range(0 if passes else 1, len(left) + 1)
    return [subset for size in sizes for subset in itertools.combinations(left, size)]


def left_of(
    row: Sequence[bool], inherited: Sequence[bool], passes: bool, alpha: Sequence[float]
) -> tuple[bool, ...]:
    """What is left of a decision after candidates of low ``alpha`` were dropped, one after the other."""
    left = list(row)
    for candidate, value in enumerate(alpha):
        spare = passes or sum(left) > 2
        if left[candidate] and value < LOWEST and not inherited[candidate] and spare:
            left[candidate] = False
    return tuple(left)


def _open(alpha: Tensor) -> Tensor:
    return alpha.sigmoid() * 0.999 + 5e-4


def _draw(share: np.ndarray, passes: bool, rng: np.random.Generator) -> tuple[bool, ...]:
    while True:
        row = rng.random(len(share)) < share
        if passes or row.any():
            return tuple(row.tolist())
