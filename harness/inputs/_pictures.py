"""Pictures of any size as a network's images: decoded one by one, brought to one size, normalised."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from harness.errors import DataError
from harness.inputs._source import LabelledImages

FORMATS = ("BMP", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of each channel over ImageNet's training images, pixels scaled to 0..1: the usual numbers."""

LARGEST = 50_000_000
"""Pixels of a picture."""

_RECIPE = "pictures 1: RGB, bilinear with antialiasing, ImageNet's mean and deviation"


class Pictures(ABC):
    """Encoded pictures and their targets, each under a number from 0 on."""

    targets: np.ndarray

    @abstractmethod
    def encoded(self, number: int) -> bytes:
        """The bytes of a picture's file."""

    @abstractmethod
    def name(self, number: int) -> str:
        """What a sentence calls a picture."""

    @abstractmethod
    def digest(self) -> str:
        """Of all that determines the pictures."""


@dataclass(frozen=True)
class PictureSource(LabelledImages):
    """Images decoded from ``pictures`` when a batch asks for them."""

    mirrored = True
    crop: bool
    pictures: Pictures = field(repr=False, compare=False)

    def _read(self, rows: np.ndarray) -> tuple[Tensor, np.ndarray]:
        pixels = np.stack([self._pixels(int(row)) for row in rows])
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).double() / 255
        mean, deviation = (
            torch.tensor(each, dtype=torch.float64).view(3, 1, 1) for each in (MEAN, DEVIATION)
        )
        return (images - mean) / deviation, self.pictures.targets[rows]

    def _pixels(self, row: int) -> np.ndarray:
        with _opened(self.pictures, row) as picture:
            return np.asarray(fitted(picture.convert("RGB"), self.image_size))


def fitted(picture: Image.Image, size: int) -> Image.Image:
    """The square of ``size`` pixels in the centre of ``picture``, its shorter side resized to ``size``."""
    width, height = picture.size
    short = min(width, height)
    wide, high = max(size, round(width * size / short)), max(size, round(height * size / short))
    if (wide, high) != picture.size:
        picture = picture.resize((wide, high), Image.Resampling.BILINEAR)
    left, top = (wide - size) // 2, (high - size) // 2
    return picture.crop((left, top, left + size, top + size))


def source(name: str, pictures: Pictures, classes: int, image_size: int, crop: bool) -> PictureSource:
    """The input ``name`` of ``pictures`` for networks of at least ``classes`` outputs.

    Raises
    ------
    DataError
        Without ``crop`` for pictures that are not square or of several sizes.
    """
    if not crop:
        _require_one_size(name, pictures)
    content = f"{_RECIPE}; crop {crop}; {pictures.digest()}"
    digest = hashlib.sha256(content.encode()).hexdigest()
    outputs = max(classes, int(pictures.targets.max()) + 1)
    return PictureSource(name, digest, outputs, image_size, len(pictures.targets), crop, pictures)


def _require_one_size(name: str, pictures: Pictures) -> None:
    first: dict[tuple[int, int], int] = {}
    counts: Counter[tuple[int, int]] = Counter()
    for number in range(len(pictures.targets)):
        with _opened(pictures, number) as picture:
            first.setdefault(picture.size, number)
            counts[picture.size] += 1
    if len(counts) == 1 and all(width == height for width, height in counts):
        return
    told = [
        f"{width} x {height} ({pictures.name(first[width, height])})"
        for (width, height), _ in counts.most_common(2)
    ]
    more = f" and {len(counts) - len(told)} more" if len(counts) > len(told) else ""
    raise DataError(
        f"Input {name!r} takes square images of one size; received {' and '.join(told)}{more}. With "
        "input.crop=true the shorter side is resized and the centre cut out; or resize them beforehand."
    )


@contextmanager
def _opened(pictures: Pictures, number: int) -> Iterator[Any]:
    """The picture, of which nothing but the head is read yet."""
    try:
        with Image.open(io.BytesIO(pictures.encoded(number)), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST:
                raise ValueError(f"it has {picture.width} x {picture.height} pixels, more than {LARGEST:,}")
            yield picture
    except (OSError, TypeError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{pictures.name(number)} cannot be read as an image: {error}. Take it out, or put it in again."
        ) from error
