"""Sizes of TransNAS-Bench-101's networks; shapes: :mod:`harness.networks._transnas`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``channels`` behind the stem, ``cells`` per module, side of the ``largest_image`` that is read."""

    channels: int
    cells: int
    largest_image: int | None = None


FIDELITIES = {"benchmark": Size(64, 2), "small": Size(16, 1, 128), "tiny": Size(4, 1, 32)}
