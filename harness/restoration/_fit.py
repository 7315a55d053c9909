"""A network fitted to one degraded image: the deep image prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.restoration._degradations import Problem
from harness.restoration._quality import Quality, psnr, quality
from harness.seeding import derive

INPUTS = 32
"""Channels of the noise that a network makes the image of."""
SCALE = 0.1
"""The noise is uniform in [0, SCALE)."""
JITTER = 0.03
"""Standard deviation of what is added to it anew in every iteration."""
DECAY = 0.98
"""Of the moving average of outputs, which is what counts."""
EVERY = 10
"""Iterations between two points of the curve."""


@dataclass(frozen=True)
class Fitted:
    """What a fit came to.

    Attributes
    ----------
    restored
        (H, W, 3) in [0, 1], after the last iteration.
    quality
        Of that against the true image.
    oracle, oracle_iteration
        The best PSNR of the curve in dB, which needs the true image to be known, and where.
    degraded, held_out
        PSNR in dB on the observed pixels that the loss reads, and on those that are hidden from it; ``None``
        where none are.
    curve
        Rows of iteration, ``degraded``, ``held_out`` and ``psnr``.
    """

    restored: np.ndarray
    quality: Quality
    oracle: float
    oracle_iteration: int
    degraded: float
    held_out: float | None
    curve: list[dict[str, Any]]


def hidden(problem: Problem, share: float) -> np.ndarray:
    """Which of the known pixels are hidden from the loss: ``share`` of them, the same for every network."""
    found = np.zeros(problem.known.size, dtype=bool)
    known = np.flatnonzero(problem.known)
    rng = np.random.default_rng(derive(0, "held out", problem.degradation))
    found[rng.choice(known, round(share * len(known)), replace=False)] = True
    return found.reshape(problem.known.shape)


def fit(
    network: nn.Module,
    problem: Problem,
    iterations: int,
    rate: float,
    held_out: float,
    seed: int,
    tick: Callable[[int], None] = lambda iteration: None,
) -> Fitted | None:
    r"""Fit ``network`` to ``problem.observed`` and take the average of its outputs.

    With the network f, noise z, the lowering of the resolution D and the observed image y, Adam minimises
    ``mean((D(f(z + 0.03 n_t)) - y)^2)`` over the pixels that are known and not hidden, with new normal
    numbers n_t in every iteration t. The image is the moving average ``x_t = 0.98 x_{t-1} + 0.02 f``,
    divided by ``1 - 0.98^t`` as Adam's averages are; where pixels are missing, the known ones stay as they
    are. Ulyanov, Vedaldi and Lempitsky, CVPR 2018; the true image is read to judge alone.

    Parameters
    ----------
    network
        With initial weights: noise ``(1, 32, H, W)`` to an image ``(1, 3, H, W)`` in [0, 1]. Stays in
        training mode, its normalisations with the statistics of the image.
    problem
        The degraded image, and the true one.
    iterations, rate
        Of Adam.
    held_out
        Share of the known pixels that are hidden from the loss, from 0 to below 1.
    seed
        Of the noise.
    tick
        Told the number of iterations done.

    Returns
    -------
    Fitted or None
        ``None`` where the loss left the finite numbers.
    """
    steps = _Steps(network, problem, rate, held_out, seed)
    hides, average = steps.hides, np.zeros_like(problem.truth)
    curve: list[dict[str, Any]] = []
    restored = average
    for iteration in range(1, iterations + 1):
        output, loss = steps.step()
        if not isfinite(loss):
            return None
        average = DECAY * average + (1 - DECAY) * output
        tick(iteration)
        if iteration % EVERY and iteration < iterations:
            continue
        image = average / (1 - DECAY**iteration)
        restored = problem.finished(image)
        seen = {"degraded": problem.known & ~hides, "held_out": hides}
        row = {name: _on(problem, image, where) for name, where in seen.items()}
        curve.append({"iteration": iteration, **row, "psnr": psnr(problem.truth, restored)})
    best, last = max(curve, key=lambda row: row["psnr"]), curve[-1]
    return Fitted(
        restored,
        quality(problem.truth, restored),
        best["psnr"],
        best["iteration"],
        last["degraded"],
        last["held_out"],
        curve,
    )


def fit_seconds(network: nn.Module, problem: Problem, iterations: int) -> float:
    """How long :func:`fit` will take about: measured on the last of three iterations."""
    steps = _Steps(network, problem, 0.0, 0.0, 0)
    for _ in range(3):
        start = perf_counter()
        steps.step()
        seconds = perf_counter() - start
    return iterations * seconds


class _Steps:
    """Adam's steps of one fit."""

    def __init__(self, network: nn.Module, problem: Problem, rate: float, held_out: float, seed: int) -> None:
        device = next(network.parameters()).device
        self.network, self.factor, self.device = network, problem.factor, device
        self.hides = hidden(problem, held_out)
        weights = (problem.known & ~self.hides).astype(np.float32)
        self.target = _tensor(problem.observed).to(device)
        self.weights = torch.from_numpy(weights / (3 * weights.sum())).to(device)
        self.drawn = torch.Generator().manual_seed(derive(seed, "noise of the fit"))
        shape = (1, INPUTS, *problem.truth.shape[:2])
        self.noise = SCALE * torch.rand(shape, generator=self.drawn)
        self.optimiser = torch.optim.Adam(network.parameters(), rate)

    def step(self) -> tuple[np.ndarray, float]:
        """One iteration: what the network made before it, and the loss of that."""
        jitter = JITTER * torch.randn(self.noise.shape, generator=self.drawn)
        output = self.network((self.noise + jitter).to(self.device))
        lowered = F.avg_pool2d(output, self.factor) if self.factor > 1 else output
        loss = ((lowered - self.target).square() * self.weights).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return output.detach()[0].permute(1, 2, 0).cpu().numpy().astype(np.float64), loss.item()


def _tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None].contiguous()


def _on(problem: Problem, image: np.ndarray, where: np.ndarray) -> float | None:
    """PSNR of ``image``, its resolution lowered, on the observed pixels ``where``; ``None`` without any."""
    height, width = problem.known.shape
    lowered = image.reshape(height, problem.factor, width, problem.factor, 3).mean(axis=(1, 3))
    return psnr(problem.observed[where], lowered[where]) if where.any() else None
