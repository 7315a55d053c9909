"""Supernets of rounds: each of the sub-space that the last one has left, with weights of its own.

A method says what a round trains (:class:`harness.training.Round`) and reads accuracies of it. Every round
has a checkpoint, so that a run that was killed reads those that are finished and goes on within the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Facts
from harness.evidence._method import Method
from harness.evidence.trained import OneTraining
from harness.runs.config import Estimate, Progress
from harness.scorers import Work
from harness.searchers import RoundSupernets
from harness.spaces import Space

if TYPE_CHECKING:
    from harness.runs.setup import Setup
    from harness.training import Gated, Round

TRAINABLE = True


class Rounds(OneTraining):
    """Supernets that are trained when they are asked for."""

    rounds = True

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any]) -> None:
        super().__init__(setup, method, options)
        self._made: list[Gated] = []

    def estimate(self, work: Work) -> Estimate:
        """Measured on one step of the supernet of the whole space."""
        from harness.evidence import _trained  # loads torch
        from harness.training import Round

        space = self.context.space
        free = tuple((0.0,) * len(row) for row in space.full_mask)
        none = tuple((False,) * len(row) for row in space.full_mask)
        whole = Round(0, space.full_mask, none, free, 0.0, 1.0)
        return _trained.estimate_rounds(self.context, self.training, whole, work)

    def open(self, progress: Progress) -> RoundSupernets:
        """A function that trains, and what candidates cost."""

        def train(round_: Round) -> Gated:
            from harness.evidence import _trained  # loads torch

            made = _trained.train_round(self.context, self.training, round_, progress)
            self._made.append(made)
            self.counts["epochs"] += len(made.curve)
            return made

        return RoundSupernets(
            **self.shared(progress), train=train, candidate_costs=self.bounded.candidate_costs
        )

    def spent(self) -> dict[str, int]:
        """With the accuracies that the supernets were asked for."""
        paid = super().spent()
        paid["scores"] += sum(made.evaluations for made in self._made)
        return paid

    def facts(self) -> Facts:
        """The learning curves, and of every round its gates and the most accurate network seen."""
        from harness.evidence import _trained  # loads torch
        from harness.runs.origins import distinct  # loads pandas

        found, made = super().facts(), self._made
        curves = [_trained.curve(each) for each in made]
        rows = [{"round": each.round.number, **row} for each in made for row in each.curve]
        rounds = [_told(self.context.space, each) for each in made]
        return replace(
            found,
            statistics={**found.statistics, "training": {**curves[0], "curve": rows}, "rounds": rounds},
            origins={"training": distinct([origin for each in made for origin in each.origins])},
            evaluations=found.evaluations + sum(each.evaluations for each in made),
        )


def _told(space: Space, made: Gated) -> dict[str, Any]:
    """What a record says of a round."""
    best, accuracy = made.best()
    gates = {
        spec.name: {spec.candidates[each]: share for each, share in enumerate(row.tolist()) if share}
        for spec, row in zip(space.decisions, made.gates(), strict=True)
    }
    branches = {
        spec.name: [name for name, on in zip(spec.candidates, row, strict=True) if on]
        for spec, row in zip(space.decisions, best, strict=True)
    }
    network = {"branches": branches, "valid_accuracy": accuracy, "cost": made.round.cost(best)}
    return {"round": made.round.number, "gates": gates, "best": network}


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[Rounds]:
    """One record."""
    return [Rounds(setup, method, options)]
