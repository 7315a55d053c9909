"""scikit-learn's bundled digits: 1,797 real images of 8 x 8 pixels, labels 0 to 9. Needs no files.

Resized bilinearly, normalised by the mean and deviation of all pixels, three equal channels. A network with
more than 10 classes sees the labels 0 to 9 only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.inputs._source import LabelledImages, require_classes

NATIVE_SIZE = 8


@dataclass(frozen=True)
class Digits(LabelledImages):
    """All digits as normalised pixels, (1797, 1, 8, 8)."""

    mirrored = False
    pixels: Tensor = field(repr=False, compare=False)
    targets: np.ndarray = field(repr=False, compare=False)

    def _read(self, rows: np.ndarray) -> tuple[Tensor, np.ndarray]:
        size = (self.image_size, self.image_size)
        pixels = self.pixels[torch.from_numpy(rows)]
        images = F.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
        return images.expand(-1, 3, -1, -1), self.targets[rows]


def open(classes: int, image_size: int, folder: Path | None = None) -> Digits:
    """The digits at ``image_size`` >= 8 pixels for a network of at least 10 classes; ``folder`` is not read.

    Raises
    ------
    ConfigError
        For fewer than 10 classes or 8 pixels.

    Examples
    --------
    >>> open(classes=10, image_size=32).batch(seed=0, step=0, size=4).images.shape
    torch.Size([4, 3, 32, 32])
    """
    del folder
    require_classes("digits", classes)
    if image_size < NATIVE_SIZE:
        raise ConfigError(
            f"Input 'digits' is enlarged from {NATIVE_SIZE} pixels and needs an image size of at least "
            f"{NATIVE_SIZE}; received {image_size}."
        )
    digest, pixels, targets = _bundled()
    return Digits("digits", digest, classes, image_size, len(targets), pixels, targets)


@cache
def _bundled() -> tuple[str, Tensor, np.ndarray]:
    """Digest of the file's numbers, normalised pixels and targets; read once, and not to be changed."""
    from sklearn.datasets import load_digits

    grey, targets = load_digits(return_X_y=True)
    digest = hashlib.sha256(grey.astype("<f8").tobytes() + targets.astype("<i8").tobytes()).hexdigest()
    targets.setflags(write=False)
    pixels = torch.from_numpy((grey - grey.mean()) / grey.std()).reshape(-1, 1, NATIVE_SIZE, NATIVE_SIZE)
    return digest, pixels, targets
