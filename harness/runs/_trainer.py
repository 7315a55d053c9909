"""The function that a measured truth is handed: architectures to accuracies, each trained once and kept."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import torch

from harness import networks
from harness.benchmarks import Recipe
from harness.inputs import Source
from harness.runs._kept import Training
from harness.runs._measurer import Measurer
from harness.runs.config import Progress, RunConfig
from harness.runs.origins import here
from harness.seeding import derive
from harness.spaces import Architecture, Space
from harness.training import Images, fit_network, network_seconds


class Trainer(Measurer):
    """Trains architectures from scratch; besides what every measurer is told, ``source`` is trained on."""

    words = ("epochs of the truth", "training", " for the truth")
    recipe: Recipe

    def __init__(
        self, config: RunConfig, space: Space, recipe: Recipe, size: object, source: Source, root: Path,
        progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(config, space, recipe, size, root, progress)
        self.source, self.input = source, source.name
        self._images: dict[int, Images] = {}

    @property
    def steps(self) -> int:
        """Epochs."""
        return self.recipe.epochs

    def seconds(self, arch: Architecture) -> float:
        """Measured on a step."""
        images = self._images_of(self.recipe.seeds[0])
        return network_seconds(self._network(arch, 0), images, self.recipe.epochs)

    def maker(self) -> Callable[[RunConfig], Measurer]:
        """That of a checked config."""
        from harness.runs.truth import trainer_of

        return trainer_of

    def measure(self, training: Training, report: Callable[[int], None]) -> dict[str, Any]:
        """Train one network, on from its checkpoint where it has one."""
        images, steps = self._images_of(training.seed), 0

        def tick() -> None:
            nonlocal steps
            steps += 1
            if steps % images.steps == 0:
                report(steps // images.steps)

        kept, network = self.kept, self.network(training)
        course = fit_network(
            network,
            images,
            self.recipe.epochs,
            self.recipe.rate,
            kept.checkpoint(training),
            kept.described(training) | {"made": kept.made},
            tick,
            here(),
        )
        accuracy = None if isnan(course.accuracy) else course.accuracy
        halves = {"train": images.count("train"), "valid": images.count("valid")}
        told = {"accuracy": accuracy, "curve": course.curve, "images": halves, "origins": course.origins}
        return told | self.further(network, images)

    def network(self, training: Training) -> torch.nn.Module:
        """What ``training`` trains, with initial weights."""
        return self._network(self.space.parse(training.architecture), training.seed)

    def further(self, network: torch.nn.Module, images: Images) -> dict[str, Any]:
        """What else a figure holds of a ``network`` that is trained."""
        return {}

    def _network(self, arch: Architecture, seed: int) -> torch.nn.Module:
        drawn, recipe = derive(seed, "truth"), self.recipe
        network = networks.build(
            self.space, arch, self.size, drawn, recipe.classes, convolutions=recipe.convolutions
        )
        return network.to(self.device)

    def _images_of(self, seed: int) -> Images:
        """The halves of one seed: other ones than those of a supernet under the same seed."""
        if seed not in self._images:
            self._images[seed] = Images(
                self.source, self.recipe.images, self.recipe.batch_size, derive(seed, "truth"), self.device
            )
        return self._images[seed]
