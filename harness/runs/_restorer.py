"""Restorations that are measured here: deep image priors fitted to a degraded image, each once and kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness import networks, records
from harness.benchmarks import RestorationRecipe
from harness.restoration import Problem, quality
from harness.restoration._fit import INPUTS, fit, fit_seconds
from harness.runs._kept import Figure, Training
from harness.runs._measurer import Measurer
from harness.runs.config import Progress, RunConfig
from harness.runs.origins import here
from harness.seeding import derive
from harness.spaces import Architecture, Space

CLASSICAL = "classical"
"""Stands for an architecture's string where the classical network is fitted."""

Pixels = dict[str, Any]
"""An image as JSON: ``height``, ``width``, and ``rgb``, its bytes row by row, in base64."""


class Restorer(Measurer):
    """Fits architectures to one degraded image; their figure is the PSNR against the true one.

    Besides what every measurer is told, ``problem`` holds both images.
    """

    layers = records.FITTING
    words = ("iterations of the fits", "fit", "")
    recipe: RestorationRecipe

    def __init__(
        self, config: RunConfig, space: Space, recipe: RestorationRecipe, size: object, problem: Problem,
        root: Path, progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(config, space, recipe, size, root, progress)
        self.problem = problem

    @property
    def steps(self) -> int:
        """Iterations."""
        return self.recipe.iterations

    def holding_out(self, share: float, progress: Progress) -> Restorer:
        """One whose fits do not read ``share`` of the known pixels."""
        recipe = replace(self.recipe, held_out=share)
        return Restorer(self.config, self.space, recipe, self.size, self.problem, self.root, progress)

    def fits(self, archs: Sequence[Architecture]) -> list[Figure]:
        """The figure of each, of the first seed; errors as a call."""
        return self.figures([Training(self.name(arch), self.recipe.seeds[0]) for arch in archs])

    def classical(self) -> Figure:
        """The figure of the classical network, of the first seed."""
        return self.figures([Training(CLASSICAL, self.recipe.seeds[0])])[0]

    def seconds(self, arch: Architecture) -> float:
        """Measured on an iteration."""
        return fit_seconds(self._network(self.name(arch), 0), self.problem, self._iterations(self.name(arch)))

    def maker(self) -> Callable[[RunConfig], Measurer]:
        """That of a checked config, whose fits do not read as much."""
        from harness.runs.truth import restorer_of

        return partial(restorer_of, held_out=self.recipe.held_out)

    def measure(self, training: Training, report: Callable[[int], None]) -> dict[str, Any]:
        """Fit one network."""
        found = fit(
            self._network(training.architecture, training.seed),
            self.problem,
            self._iterations(training.architecture),
            self.recipe.rate,
            self.recipe.held_out,
            derive(training.seed, "truth"),
            report,
        )
        if found is None:
            return {"accuracy": None, "origins": [here()]}
        return {
            "accuracy": found.quality.psnr,
            "ssim": found.quality.ssim,
            "oracle": found.oracle,
            "oracle_iteration": found.oracle_iteration,
            "degraded": found.degraded,
            "held_out": found.held_out,
            "curve": found.curve,
            "restored": pixels(found.restored),
            "origins": [here()],
        }

    def parameters(self, name: str) -> int:
        """Of the network that is called so."""
        return networks.count_parameters(self._network(name, 0))

    def _network(self, name: str, seed: int) -> torch.nn.Module:
        arch = None if name == CLASSICAL else self.space.parse(name)
        drawn = derive(seed, "truth")
        return networks.build_restorer(self.space, arch, self.size, drawn, INPUTS).to(self.device)

    def _iterations(self, name: str) -> int:
        """All, or the share that a genome names."""
        share = 1.0 if name == CLASSICAL else self.space.training_share(self.space.parse(name))
        return max(1, round(share * self.recipe.iterations))


def pixels(image: np.ndarray) -> Pixels:
    """``image``, (H, W, 3) in [0, 1], in whole 255ths."""
    rounded = np.clip(np.rint(255 * image), 0, 255).astype(np.uint8)
    height, width, _ = rounded.shape
    return {"height": height, "width": width, "rgb": base64.b64encode(rounded.tobytes()).decode()}


def compared(restorer: Restorer, arch: Architecture) -> dict[str, Any]:
    """What a record says of the restoration by ``arch``, in JSON's types.

    ``degraded``, ``simple``, ``classical`` and ``found`` hold their
    quality, the latter two also what else the fit came to and the network's parameters; ``images`` the images
    themselves, the true one among them; ``method`` names the simple one.
    """
    problem, classical, (found,) = restorer.problem, restorer.classical(), restorer.fits([arch])
    images = {"truth": problem.truth, "degraded": problem.shown, "simple": problem.simple}
    fits = {
        "classical": (classical, restorer.parameters(CLASSICAL)),
        "found": (found, restorer.parameters(restorer.name(arch))),
    }
    return {
        "method": problem.method,
        "degraded": asdict(quality(problem.truth, problem.shown)),
        "simple": asdict(quality(problem.truth, problem.simple)),
        **{name: {**told(figure), "params": params} for name, (figure, params) in fits.items()},
        "images": {name: pixels(image) for name, image in images.items()}
        | {name: figure.content.get("restored") for name, (figure, _) in fits.items()},
    }


def told(figure: Figure) -> Mapping[str, Any]:
    """What a record says of a fit: its numbers, ``None`` where it came to nothing."""
    names = ("ssim", "oracle", "oracle_iteration", "degraded", "held_out")
    known = np.isfinite(figure.accuracy)
    return {
        "psnr": figure.accuracy if known else None,
        **{name: figure.content.get(name) for name in names},
    }
