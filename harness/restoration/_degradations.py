"""What is done to a true image, and what a simple method makes of it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.errors import unknown_name

SIGMA = 25
"""Standard deviation of the noise, of 255."""
MISSING = 0.5
"""Share of the pixels that are missing."""
FACTOR = 4
"""By which the resolution is lowered."""


@dataclass(frozen=True)
class Problem:
    """A true image and a degraded one.

    Attributes
    ----------
    degradation
        A name of :data:`DEGRADATIONS`.
    truth
        (H, W, 3), float64 in [0, 1].
    observed
        What is known, (H / factor, W / factor, 3) in [0, 1]; 0 where nothing is.
    known
        (H / factor, W / factor), which pixels of ``observed`` are known.
    factor
        How many pixels of the truth are averaged to one that is observed, per side.
    simple
        (H, W, 3), what a simple method makes of ``observed``: ``method`` names it.
    shown
        (H, W, 3), the degraded image as it looks.
    """

    degradation: str
    truth: np.ndarray
    observed: np.ndarray
    known: np.ndarray
    factor: int
    simple: np.ndarray
    method: str
    shown: np.ndarray

    def finished(self, restored: np.ndarray) -> np.ndarray:
        """``restored`` with the known pixels as they are, where others are missing."""
        if self.known.all():
            return restored
        return np.where(self.known[..., None], self.observed, restored)


def degraded(truth: np.ndarray, degradation: str, rng: np.random.Generator) -> Problem:
    """``truth`` degraded by draws of ``rng``.

    ``noise``: normal noise of standard deviation 25 / 255 is added, clipped to [0, 1]; the simple method is
    to leave it. ``missing``: half of the pixels, drawn without replacement, are lost; each is filled with the
    mean of the known ones among its 3x3 neighbours, again and again until none is lost. ``downsampled``:
    means over 4x4 pixels; the simple method is bicubic interpolation.

    Raises
    ------
    UnknownNameError
        For another ``degradation``.
    """
    if degradation not in DEGRADATIONS:
        raise unknown_name("truth.degradation", degradation, DEGRADATIONS)
    return _MAKERS[degradation](truth, rng)


def _noise(truth: np.ndarray, rng: np.random.Generator) -> Problem:
    noisy = np.clip(truth + rng.normal(0.0, SIGMA / 255, truth.shape), 0.0, 1.0)
    everywhere = np.ones(truth.shape[:2], dtype=bool)
    return Problem("noise", truth, noisy, everywhere, 1, noisy, "the noisy image itself", noisy)


def _missing(truth: np.ndarray, rng: np.random.Generator) -> Problem:
    count = truth.shape[0] * truth.shape[1]
    known = np.ones(count, dtype=bool)
    known[rng.choice(count, int(MISSING * count), replace=False)] = False
    known = known.reshape(truth.shape[:2])
    observed = np.where(known[..., None], truth, 0.0)
    return Problem("missing", truth, observed, known, 1, filled(observed, known), "mean of 3x3", observed)


def _downsampled(truth: np.ndarray, rng: np.random.Generator) -> Problem:
    height, width = (size // FACTOR for size in truth.shape[:2])
    observed = truth.reshape(height, FACTOR, width, FACTOR, 3).mean(axis=(1, 3))
    everywhere = np.ones((height, width), dtype=bool)
    shown = observed.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)
    return Problem(
        "downsampled", truth, observed, everywhere, FACTOR, _bicubic(observed, truth), "bicubic", shown
    )


_MAKERS: Mapping[str, Callable[[np.ndarray, np.random.Generator], Problem]] = {
    "noise": _noise,
    "missing": _missing,
    "downsampled": _downsampled,
}

DEGRADATIONS: Mapping[str, str] = {
    "noise": f"de-noising, sigma {SIGMA}",
    "missing": f"in-painting, {MISSING:.0%} of the pixels missing",
    "downsampled": f"super-resolution x{FACTOR}",
}
"""By name what is to be done."""


def filled(observed: np.ndarray, known: np.ndarray) -> np.ndarray:
    """``observed`` with each unknown pixel replaced by the mean of the known ones among its 3x3 neighbours.

    Repeated with what was filled until every pixel is known; at least one has to be.
    """
    image, there = observed.copy(), known.copy()
    while not there.all():
        padded, weights = np.pad(image * there[..., None], ((1, 1), (1, 1), (0, 0))), np.pad(there, 1)
        height, width = there.shape
        windows = [(slice(i, i + height), slice(j, j + width)) for i in range(3) for j in range(3)]
        total = np.sum([padded[window] for window in windows], axis=0)
        count = np.sum([weights[window] for window in windows], axis=0)
        new = ~there & (count > 0)
        image[new] = total[new] / count[new][:, None]
        there |= new
    return image


def _bicubic(observed: np.ndarray, truth: np.ndarray) -> np.ndarray:
    from PIL import Image

    size = (truth.shape[1], truth.shape[0])
    planes = [
        np.asarray(
            Image.fromarray(observed[..., plane].astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
        )
        for plane in range(3)
    ]
    return np.clip(np.stack(planes, axis=-1).astype(np.float64), 0.0, 1.0)
