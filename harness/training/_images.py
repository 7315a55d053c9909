"""The images a supernet is trained on: two halves, shuffled anew for every epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.inputs import Batch, LabelledImages, Source
from harness.seeding import derive, generator

READ_AT_ONCE = 1000
"""Images decoded together; the decoded ones are held on the device."""

Half = Literal["train", "valid"]


def require_images(source: Source, count: int | None, batch_size: int, group: str = "training") -> int:
    """How many images a training takes of ``source``: ``count``, or all where there are no more.

    ``group`` is the one whose settings say so.

    Raises
    ------
    ConfigError
        For a source of drawn images, whose labels say nothing about them, and where half of the images
        are no whole batch.
    """
    found = labelled(source).count
    taken = found if count is None else min(count, found)
    if taken // 2 < batch_size:
        raise ConfigError(
            f"Training holds half of the images back, and {taken // 2} images are fewer than a batch of "
            f"{batch_size}; take more with {group}.images, or a smaller {group}.batch_size."
        )
    return taken


def labelled(source: Source) -> LabelledImages:
    """``source``, where its images belong to their labels; raises :class:`ConfigError` otherwise."""
    if not isinstance(source, LabelledImages):
        raise ConfigError(
            f"Training needs images that belong to their labels; input={source.name} draws both apart. "
            "Use input=digits, which needs no files, or input=cifar10 input.folder=FOLDER."
        )
    return source


class Images:
    """Some images of a source, half of them to train weights on and half to validate on.

    Which images, and which half one is in, depends on the seed alone.

    Parameters
    ----------
    source
        An input with labels.
    count
        How many images to take, at most all.
    batch_size
        Images per step.
    seed
        The run's.
    device
        Where the images are held.
    drawn_labels
        Whether each image of the training half has a label that is drawn, uniformly and once.

    Raises
    ------
    ConfigError
        As :func:`require_images` does.
    """

    def __init__(
        self,
        source: Source,
        count: int | None,
        batch_size: int,
        seed: int,
        device: torch.device,
        drawn_labels: bool = False,
    ) -> None:
        taken, images = require_images(source, count, batch_size), labelled(source)
        rows = generator(seed, "training", "images").permutation(images.count)[:taken]
        middle = taken // 2
        self.batch_size = batch_size
        self._seed = seed
        self._mirrored = images.mirrored
        self._halves = {
            "train": _read(images, rows[:middle], device),
            "valid": _read(images, rows[middle:], device),
        }
        if drawn_labels:
            labels = generator(seed, "training", "labels").integers(images.classes, size=middle)
            self._halves["train"] = replace(
                self._halves["train"], targets=torch.from_numpy(labels).to(device)
            )

    def count(self, half: Half) -> int:
        """Images in a half."""
        return len(self._halves[half].targets)

    def targets(self, half: Half) -> Tensor:
        """Classes of a half's images, (N,), in the order of :meth:`in_order`."""
        return self._halves[half].targets

    @property
    def steps(self) -> int:
        """Whole batches of the training half."""
        return self.count("train") // self.batch_size

    def in_order(self, half: Half) -> Iterator[Batch]:
        """All images of a half as they are, in one fixed order; the last batch may be smaller."""
        images, targets = self._halves[half].images, self._halves[half].targets
        parts = zip(images.split(self.batch_size), targets.split(self.batch_size), strict=True)
        return (Batch(*part) for part in parts)

    def shuffled(self, half: Half, *names: object) -> Iterator[Batch]:
        """``steps`` batches of a half, in an order and with crops and mirror images drawn by ``names``.

        Each image is padded by an eighth of its side and cut to its size again at a random place; where a
        mirror image shows the same class, one of two is mirrored.
        """
        whole = self._halves[half]
        order = generator(self._seed, "training", half, "order", *names).permutation(self.count(half))
        for step in range(self.steps):
            rows = torch.from_numpy(order[step * self.batch_size : (step + 1) * self.batch_size])
            rows = rows.to(whole.images.device)
            draws = torch.Generator().manual_seed(derive(self._seed, "training", half, "crop", *names, step))
            yield Batch(cropped(whole.images[rows], draws, self._mirrored), whole.targets[rows])


def cropped(images: Tensor, draws: torch.Generator, mirrored: bool) -> Tensor:
    """Each of the images (B, C, S, S), padded by S / 8 on all sides, cut at a place of its own."""
    count, _, size, _ = images.shape
    margin = size // 8
    tops, lefts = torch.randint(2 * margin + 1, (2, count), generator=draws)
    turned = torch.rand(count, generator=draws) < 0.5
    pixels = torch.arange(size)
    columns = lefts[:, None] + (torch.where(turned[:, None], pixels.flip(0), pixels) if mirrored else pixels)
    rows = tops[:, None] + pixels
    padded = F.pad(images, (margin,) * 4).permute(0, 2, 3, 1)
    place = (torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :])
    return padded[tuple(index.to(images.device) for index in place)].permute(0, 3, 1, 2)


def _read(source: LabelledImages, rows: np.ndarray, device: torch.device) -> Batch:
    parts = [source.read(rows[start : start + READ_AT_ONCE]) for start in range(0, len(rows), READ_AT_ONCE)]
    return Batch(
        torch.cat([part.images for part in parts]).to(device),
        torch.cat([part.targets for part in parts]).to(device),
    )
