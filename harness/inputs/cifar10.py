"""CIFAR-10's training split from a folder on disk, without augmentation.

Normalised by the usual mean and deviation per channel. Smaller sizes are averages over square areas. Images
are decoded batch by batch. A network with more than 10 classes sees the labels 0 to 9 only.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import ConfigError, DataError
from harness.inputs._cifar10_files import ImageFiles, find
from harness.inputs._python_batches import PIXELS
from harness.inputs._source import LabelledImages, require_classes

MEAN = (0.49139968, 0.48215841, 0.44653091)
DEVIATION = (0.24703223, 0.24348513, 0.26158784)
"""Of each channel over the 50,000 training images, pixels scaled to 0..1."""


@dataclass(frozen=True)
class Cifar10(LabelledImages):
    """Images read from ``files`` when a batch asks for them."""

    mirrored = True
    files: ImageFiles = field(repr=False, compare=False)

    def _read(self, rows: np.ndarray) -> tuple[Tensor, np.ndarray]:
        pixels, targets = self.files.read(rows)
        images = torch.from_numpy(pixels).double() / 255
        images = F.avg_pool2d(images, PIXELS // self.image_size)
        mean = torch.tensor(MEAN, dtype=torch.float64).view(3, 1, 1)
        deviation = torch.tensor(DEVIATION, dtype=torch.float64).view(3, 1, 1)
        return (images - mean) / deviation, targets


def open(classes: int, image_size: int, folder: Path | None = None) -> Cifar10:
    """CIFAR-10 at ``image_size`` 32, or 16, 8, ... by averaging, for a network of at least 10 classes.

    Parameters
    ----------
    classes
        Classes of the network, at least 10.
    image_size
        32 or a divisor of it, in pixels.
    folder
        Holds, itself or in the subfolder the release unpacks to: the Python batches ``data_batch_1`` to
        ``_5``, the binary batches ``data_batch_1.bin`` to ``_5.bin``, or parquet files ``train.parquet`` or
        ``train-*.parquet``.

    Raises
    ------
    ConfigError
        For fewer than 10 classes or a size that does not divide 32.
    DataError
        Where the folder holds no images, or damaged ones.
    """
    require_classes("cifar10", classes)
    if image_size < 1 or PIXELS % image_size:
        raise ConfigError(
            f"Input 'cifar10' has {PIXELS} pixels and is averaged to sizes that divide it (32, 16, 8, ...); "
            f"received image size {image_size}."
        )
    try:
        files = find(folder)
        return Cifar10("cifar10", files.digest(), classes, image_size, files.count, files)
    except OSError as error:
        raise DataError(f"CIFAR-10 cannot be read from {folder}: {error}.") from error
