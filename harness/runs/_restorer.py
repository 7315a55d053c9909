"""Restorations that are measured here: deep image priors fitted to a degraded image, each once and kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
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

    def fits(self, archs: Sequence[Architecture]) -> list[list[Figure]]:
        """The figures of each, one per seed; errors as a call."""
        return self._by_seed([self.name(arch) for arch in archs])

    def classical(self) -> list[Figure]:
        """Those of the classical network."""
        return self._by_seed([CLASSICAL])[0]

    def _by_seed(self, names: Sequence[str]) -> list[list[Figure]]:
        seeds = self.recipe.seeds
        found = iter(self.figures([Training(name, seed) for name in names for seed in seeds]))
        return [[next(found) for _ in seeds] for _ in names]

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
    themselves, of fits those of the first seed, the true one among them; ``method`` names the simple one.
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
        **{name: {**told(figures), "params": params} for name, (figures, params) in fits.items()},
        "images": {name: pixels(image) for name, image in images.items()}
        | {name: figures[0].content.get("restored") for name, (figures, _) in fits.items()},
    }


def told(figures: Sequence[Figure]) -> dict[str, float | None]:
    """What a record says of the fits of one network: means over the seeds; see :func:`mean_of`."""
    names = ("ssim", "oracle", "oracle_iteration", "degraded", "held_out")
    psnr = float(np.mean([figure.accuracy for figure in figures]))
    return {"psnr": psnr if np.isfinite(psnr) else None, **{name: mean_of(figures, name) for name in names}}


def mean_of(figures: Sequence[Figure], name: str) -> float | None:
    """The mean over the seeds of what the fits say; ``None`` where one of them has nothing to say."""
    values = [value for figure in figures if (value := figure.content.get(name)) is not None]
    return float(np.mean(values)) if len(values) == len(figures) else None
