"""What every input opens: a source of batches, each a function of seed, step and size alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from harness.errors import ConfigError
from harness.seeding import generator

if TYPE_CHECKING:
    from torch import Tensor

LABELLED_CLASSES = 10
"""Digits and CIFAR-10 both carry the labels 0 to 9."""


@dataclass(frozen=True)
class Batch:
    """Images (B, 3, H, W) float32, normalised to mean 0 and deviation 1, and targets (B,) int64."""

    images: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Source(ABC):
    """An opened input.

    ``digest`` is the SHA-256 of what determines the images: the bytes of their files, or for
    drawn images the name and version of the recipe.
    """

    name: str
    digest: str
    classes: int
    image_size: int

    @property
    @abstractmethod
    def largest_batch(self) -> int:
        """The most images one batch can hold."""

    @abstractmethod
    def _draw(self, seed: int, step: int, size: int) -> Batch: ...

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """Batch ``step`` >= 0 of ``size`` images under ``seed``: same arguments, same bytes, in any order.

        Raises
        ------
        ConfigError
            For a size outside 1..``largest_batch`` or a negative step.
        """
        self.require(size)
        if step < 0:
            raise ConfigError(f"Batches are numbered from 0; received step {step}.")
        return self._draw(seed, step, size)

    def require(self, size: int) -> None:
        """Raise :class:`~harness.errors.ConfigError` where no batch can hold ``size`` images."""
        if not 1 <= size <= self.largest_batch:
            raise ConfigError(
                f"A batch of input {self.name!r} holds 1 to {self.largest_batch} images; "
                f"received batch size {size}."
            )


@dataclass(frozen=True)
class LabelledImages(Source):
    """A source with a fixed number of images, of which an epoch shows each at most once.

    ``mirrored`` says whether a mirror image shows the same class.
    """

    mirrored: ClassVar[bool]
    count: int

    @property
    def largest_batch(self) -> int:
        return self.count

    @abstractmethod
    def _read(self, rows: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """Normalised images (B, 3, H, W) and targets (B,) of the given rows."""

    def _draw(self, seed: int, step: int, size: int) -> Batch:
        # Each epoch is a fresh order of all rows cut into whole batches: no image twice in an epoch.
        epoch, place = divmod(step, self.count // size)
        order = generator(seed, "batch", "epoch", epoch).permutation(self.count)
        return self.read(order[place * size : (place + 1) * size])

    def read(self, rows: np.ndarray) -> Batch:
        """The images with the numbers ``rows``, each from 0 to ``count - 1``."""
        import torch

        images, targets = self._read(rows)
        return Batch(images.float().contiguous(), torch.from_numpy(np.asarray(targets, dtype=np.int64)))


def require_classes(name: str, classes: int) -> None:
    """Raise :class:`ConfigError` where the labels 0..9 do not fit into ``classes`` outputs."""
    if classes < LABELLED_CLASSES:
        raise ConfigError(
            f"Input {name!r} has the labels 0 to {LABELLED_CLASSES - 1} and needs a network with at least "
            f"{LABELLED_CLASSES} classes; received {classes}. Input 'noise' allows any number of classes."
        )
