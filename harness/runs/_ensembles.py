"""Ensembles, and networks of other widths, trained by the recipe of a measured truth, each once and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch

from harness import networks
from harness.networks import Ensemble
from harness.runs._kept import Training
from harness.runs._measurer import Measurer
from harness.runs._trainer import Trainer
from harness.runs.config import Progress, RunConfig
from harness.runs.truth import trainer_of
from harness.seeding import derive
from harness.spaces import Architecture
from harness.training import Images, of_members


class Ensembles(Trainer):
    """Trains besides architectures what :meth:`ensemble` and :meth:`widened` name.

    The figure of an ensemble is its accuracy, by the mean of its members' softmax; it holds theirs too.
    """

    words = ("epochs of the networks", "training", " for the ensemble and beside it")

    def ensemble(self, members: Sequence[Architecture], split: int) -> str:
        """What figures of an ensemble of ``members`` that share ``split`` layers are called by."""
        return json.dumps({"members": [self.space.format(arch) for arch in members], "split": split})

    def widened(self, arch: Architecture, channels: int) -> str:
        """The same of the network of ``arch`` with other ``channels``."""
        return json.dumps({"network": self.space.format(arch), "channels": channels})

    def built(self, name: str, seed: int) -> torch.nn.Module:
        """The network or ensemble called ``name``, with the initial weights of ``seed``, on the CPU."""
        size, classes, drawn = self.size, self.recipe.classes, derive(seed, "truth")
        kind = self.recipe.convolutions
        told: dict[str, Any] = json.loads(name) if name.startswith("{") else {"network": name}
        if "members" in told:
            members = [self.space.parse(arch) for arch in told["members"]]
            return networks.build_ensemble(self.space, members, told["split"], size, drawn, classes, kind)
        if "channels" in told:
            size = networks.size_of(self.space, size, told["channels"])[0]
        arch = self.space.parse(told["network"])
        return networks.build(self.space, arch, size, drawn, classes, convolutions=kind)

    def network(self, training: Training) -> torch.nn.Module:
        """What ``training`` trains, with initial weights."""
        return self.built(training.architecture, training.seed).to(self.device)

    def further(self, network: torch.nn.Module, images: Images) -> dict[str, Any]:
        """Of an ensemble its members' accuracies, and how often two of them name different classes, in %."""
        if not isinstance(network, Ensemble):
            return {}
        accuracies, disagreement = of_members(network, images)
        return {"members": accuracies, "disagreement": disagreement}

    def maker(self) -> Callable[[RunConfig], Measurer]:
        """That of a checked config."""
        return ensembles_of


def ensembles_of(config: RunConfig, progress: Progress = lambda words, done, total: None) -> Ensembles:
    """What trains the ensembles of a checked config; errors as :func:`harness.runs.truth.trainer_of`."""
    return cast("Ensembles", trainer_of(config, progress, Ensembles))
