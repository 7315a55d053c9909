"""A trained supernet: its architecture parameters and its accuracy.

A method asks for

* ``training``: the item of :mod:`harness.training` to use where a config does not name one;
* ``alphas``: whether architecture parameters have to be learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigError
from harness.evidence._method import Method
from harness.evidence._supernet import SupernetEvidence
from harness.evidence._training import training_of
from harness.runs.config import Progress, Training
from harness.searchers import Tools, TrainedSupernet

if TYPE_CHECKING:
    from harness.runs.setup import Setup

TRAINABLE = True


class OneTraining(SupernetEvidence):
    """The run's supernet, trained once for all that read it."""

    training: Training

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any]) -> None:
        super().__init__(setup, method, options)
        self.name = method.on(method.name, self.training)

    def _require(self) -> None:
        from harness import training  # loads torch

        if hasattr(self.method.module, "require"):
            self.method.module.require(self.context.space, self.options, self.bounded.bounds)
        learnt = training.load(self.training.name).architecture_gradient is not None
        if self.method.asks.get("alphas") and not learnt:
            raise ConfigError(
                f"{self.method.name} reads architecture parameters, and training={self.training.name} leaves "
                "them as they are; use training=darts or training=darts_second_order."
            )

    def settings(self) -> dict[str, Any]:
        """Network sizes, input and training: no proxy's batches or path count."""
        setup = self.context
        return {
            **super().settings(),
            "fidelity": setup.fidelity,
            **setup.input_settings,
            "training": self.training.settings,
            **setup.arithmetic,
        }

    def open(self, progress: Progress) -> Tools:
        """The supernet."""
        return TrainedSupernet(**self.shared(progress), trained=self.train(self.training, progress))


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[OneTraining]:
    """One record."""
    if training_of(setup.config) is None:
        raise ConfigError(
            f"{method.group}={method.name} reads a trained supernet and does not say how it is trained; name "
            "one way, like training=darts."
        )
    return [OneTraining(setup, method, options)]
