"""Evidence of a supernet of the run's size, which may be a trained one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness import families
from harness.errors import ConfigError
from harness.evidence._evidence import Evidence, Facts
from harness.evidence._method import Method
from harness.evidence._training import training_of
from harness.runs.config import Estimate, Progress, Training
from harness.scorers import Work

if TYPE_CHECKING:
    from harness.runs.setup import Setup
    from harness.training import Trained


class SupernetEvidence(Evidence):
    """What is read of one supernet; what the method would only meet later is refused at once."""

    context: Setup
    rounds = False
    """Whether supernets of rounds are read (:class:`harness.training.Gated`), which no other method reads."""

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any]) -> None:
        super().__init__(setup, method, options)
        self.training = training_of(setup.config)
        self._trained: Trained | None = None
        self._before = 0
        families.require_supernet(setup.space)
        if self.training is not None:
            from harness import networks, training  # loads torch

            networks.require_convolutions(setup.space, self.training.convolutions)
            networks.require_sampling(setup.space, setup.fidelity, self.training.channel_sampling)
            training.require_images(setup.source, self.training.images, self.training.batch_size)
            self._require_rounds(self.training)
        self._require()

    def _require_rounds(self, asked: Training) -> None:
        from harness import training  # loads torch

        trained = asked.name
        name, of_rounds = f"{self.method.group}={self.method.name}", hasattr(training.load(trained), "ROUNDS")
        if self.rounds and not of_rounds:
            raise ConfigError(
                f"{name} trains the sub-spaces of rounds and received training={trained}; leave "
                f"training=default, which is {self.method.training} there."
            )
        if of_rounds and asked.channel_sampling > 1:
            raise ConfigError(
                f"training={trained} averages whole branches, which channel sampling has not; received "
                f"training.channel_sampling={asked.channel_sampling}: leave it out."
            )
        if of_rounds and not self.rounds:
            raise ConfigError(
                f"training={trained} trains the sub-spaces of rounds, and {name} reads the supernet of a "
                "whole space; take another training, such as training=single_paths."
            )

    def _require(self) -> None:
        """Raise :class:`~harness.errors.ConfigError` for what cannot be read of this supernet."""

    def estimate(self, work: Work) -> Estimate | None:
        """Measured on one step of training; ``None`` where nothing is trained."""
        if self.training is None:
            return None
        from harness.evidence import _trained

        return _trained.estimate(self.context, self.training, work)

    def train(self, asked: Training, progress: Progress) -> Trained:
        """The supernet, trained as ``asked``."""
        from harness.evidence import _trained

        self._trained = _trained.train(self.context, asked, progress)
        self._before = self._trained.evaluations
        self.counts["epochs"] = len(self._trained.curve)
        return self._trained

    def spent(self) -> dict[str, int]:
        """With the accuracies that the trained supernet was asked for, and its epochs of fine-tuning."""
        paid = super().spent()
        if self._trained is not None:
            paid["scores"] += self._trained.evaluations - self._before
            paid["epochs"] += self._trained.tuned
        return paid

    def facts(self) -> Facts:
        """The learning curve and where it was trained, beside what was counted."""
        found = super().facts()
        if self._trained is None:
            return found
        from harness.evidence import _trained

        return replace(
            found,
            statistics={**found.statistics, "training": _trained.curve(self._trained)},
            origins={"training": self._trained.origins},
            evaluations=found.evaluations + self._trained.evaluations - self._before,
        )
