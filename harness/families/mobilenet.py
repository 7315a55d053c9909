"""Sizes of MobileNet-like networks; shapes: :mod:`harness.networks.mobilenet`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``share`` of the published widths, as one over this; side of the ``largest_image`` that is read."""

    share: int
    largest_image: int | None = None


FIDELITIES = {
    "benchmark": Size(1),
    "imagenet_64": Size(1, 64),
    "small": Size(4, 64),
    "tiny": Size(8, 32),
}
"""``benchmark`` reads 224 x 224 pixels as published, ``imagenet_64`` is as wide on images of 64 pixels."""
