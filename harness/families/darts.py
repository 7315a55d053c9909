"""Sizes of DARTS's networks; shapes: :mod:`harness.networks.darts`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``channels`` of the first cells' nodes; ``layers`` is the number of cells; ``imagenet``: which stem.

    ``image_size`` is the side of images in pixels where it is not the data set's.
    """

    channels: int
    layers: int
    imagenet: bool = False
    image_size: int | None = None


FIDELITIES = {
    "benchmark": Size(16, 8),
    "imagenet": Size(16, 8, imagenet=True, image_size=224),
    "imagenet_64": Size(16, 8, imagenet=True, image_size=64),
    "small": Size(8, 5),
    "tiny": Size(4, 3),
}
"""``benchmark`` is what Zero-Cost-PT searches and validates on, ``imagenet`` the same for ImageNet, and
``imagenet_64`` that on images of 64 pixels in place of 224, whose last cells have 2 x 2. Trained genotypes of
CIFAR-10 are mostly ``Size(36, 20)``, those of ImageNet ``Size(48, 14, imagenet=True)``."""
