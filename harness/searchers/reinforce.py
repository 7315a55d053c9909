"""REINFORCE on a budget of table queries.

Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", Machine
Learning 8, 1992; policy, baseline and optimiser as in the NAS-Bench-201 baseline (Dong and Yang, ICLR 2020):
independent decisions, an exponential moving average of momentum 0.9, Adam.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.options import Option
from harness.scorers import ANY
from harness.searchers._budget import QUERIES, Budget
from harness.searchers._limits import DRAWS
from harness.searchers._tools import Found, Queries
from harness.seeding import generator
from harness.spaces import Architecture, Space

EVIDENCE = "queries"
KINDS = ANY
OPTIONS = {
    "queries": QUERIES,
    "learning_rate": Option(
        float, 0.1, "of Adam; the best on random additive functions of 0.01, 0.02, 0.1, 0.2 and 0.5"
    ),
}

MOMENTUM = 0.9
"""Of the reward's moving average."""


def search(tools: Queries, settings: Mapping[str, Any]) -> Found:
    """The most accurate network met in ``settings["queries"]`` queries, all within the limits.

    Each draw of the policy is rewarded with ``r = accuracy / 100``, and the logits ascend
    ``(r - b) d log p(draw) / d logits`` by Adam, where ``b`` is the moving average of the rewards before,
    ``b = sum_i 0.9^i r_i / sum_i 0.9^i`` from the latest back; the first draw only starts the average. A
    network that was looked up before is free, and its reward counts like any other; one that the label has no
    figure for, or that is beyond the limits, has no reward and changes nothing. The search ends early where
    500 draws in a row were known, as those of a policy that has settled are, or 10,000 beyond the limits.
    Like random search it reads the very label it is judged by.
    """
    rng = generator(tools.seed, "reinforce")
    budget = Budget(tools, settings["queries"])
    policy = Policy(tools.space)
    optimiser = Adam(policy.logits.size, settings["learning_rate"])
    total = weight = 0.0
    missed = 0
    while budget.left and not budget.stuck and missed < DRAWS:
        arch, gradient = policy.draw(rng)
        missed = 0 if tools.limits.within(arch) else missed + 1
        if missed:
            continue
        reward = budget.accuracy(arch) / 100
        if np.isfinite(reward):
            if weight:
                policy.logits += optimiser.step((reward - total / weight) * gradient)
            total = MOMENTUM * total + reward
            weight = MOMENTUM * weight + 1
    return budget.found()


class Policy:
    """Independent categorical distributions over the candidates of every decision, at first uniform.

    A decision that picks ``k`` draws one candidate after the other, without replacement, and the
    log-probability is that of the draws in their order (Plackett-Luce): with logits ``l`` and draws
    ``a_1 .. a_k``, ``log p = sum_j (l[a_j] - log sum_{c not in a_1 .. a_(j-1)} exp l[c])``. A decision
    without effect on the drawn cell is left out of ``log p``; what it would add has mean 0.

    Attributes
    ----------
    logits
        Of all candidates, decision by decision.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._ends = np.cumsum([len(decision.candidates) for decision in space.decisions])
        self.logits = np.zeros(self._ends[-1])

    def draw(self, rng: np.random.Generator) -> tuple[Architecture, np.ndarray]:
        """An architecture, and the gradient of its log-probability with respect to :attr:`logits`."""
        rows = np.split(self.logits, self._ends[:-1])
        draws = [draw(row, made.picks, rng) for row, made in zip(rows, self._space.decisions, strict=True)]
        arch = tuple(picks for picks, _ in draws)
        active = self._space.active(arch)
        gradients = [gradient * counts for (_, gradient), counts in zip(draws, active, strict=True)]
        return self._space.normalise(arch), np.concatenate(gradients)


def draw(logits: np.ndarray, picks: int, rng: np.random.Generator) -> tuple[tuple[int, ...], np.ndarray]:
    """``picks`` candidates, ascending, and ``d log p / d logits`` of their draws; see :class:`Policy`.

    The order of logits plus standard Gumbel noise is that of draws without replacement (Yellott, Journal of
    Mathematical Psychology 15, 1977).
    """
    drawn = np.argsort(-(logits + rng.gumbel(size=len(logits))))[:picks]
    remaining, gradient = logits.copy(), np.zeros(len(logits))
    for pick in drawn:
        weights = np.exp(remaining - remaining.max())
        gradient -= weights / weights.sum()
        gradient[pick] += 1
        remaining[pick] = -np.inf
    return tuple(sorted(drawn.tolist())), gradient


class Adam:
    """Adam's ascent (Kingma and Ba, ICLR 2015) with its usual momenta 0.9 and 0.999.

    Its steps do not change with the scale of the rewards, which differs a hundredfold between labels.
    """

    def __init__(self, size: int, learning_rate: float) -> None:
        self._rate, self._steps = learning_rate, 0
        self._mean, self._square = np.zeros(size), np.zeros(size)

    def step(self, gradient: np.ndarray) -> np.ndarray:
        """What to add to the parameters."""
        self._steps += 1
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * gradient**2
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.999**self._steps)
        return self._rate * mean / (np.sqrt(square) + 1e-8)
