"""Gaussian noise: images ~ N(0, 1) with targets uniform on 0..classes-1. Needs no files; the default."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError
from harness.inputs._source import Batch, Source
from harness.seeding import derive

_RECIPE = "noise 1: torch.randn images, torch.randint targets"


@dataclass(frozen=True)
class Noise(Source):
    """Images and targets are drawn apart: neither changes with the other's shape."""

    @property
    def largest_batch(self) -> int:
        return 100_000

    def _draw(self, seed: int, step: int, size: int) -> Batch:
        import torch

        images = torch.randn(
            (size, 3, self.image_size, self.image_size),
            generator=torch.Generator().manual_seed(derive(seed, "batch", step, "images")),
        )
        targets = torch.randint(
            self.classes,
            (size,),
            generator=torch.Generator().manual_seed(derive(seed, "batch", step, "targets")),
        )
        return Batch(images, targets)


def open(classes: int, image_size: int, folder: Path | None = None) -> Noise:
    """Noise images of ``image_size`` pixels squared for any number of classes; ``folder`` is not read.

    Raises
    ------
    ConfigError
        For fewer than 1 class or 1 pixel.

    Examples
    --------
    >>> open(classes=10, image_size=32).batch(seed=0, step=0, size=4).images.shape
    torch.Size([4, 3, 32, 32])
    """
    del folder
    if classes < 1 or image_size < 1:
        raise ConfigError(
            f"Input 'noise' needs at least 1 class and 1 pixel; received classes {classes} and "
            f"image size {image_size}."
        )
    return Noise("noise", hashlib.sha256(_RECIPE.encode()).hexdigest(), classes, image_size)
