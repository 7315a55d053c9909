"""Sizes of NAS-Bench-Macro's networks and supernet; shapes: :mod:`harness.networks.nbmacro`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``channels`` of the stem; ``features`` in front of the linear layer."""

    channels: int
    features: int


FIDELITIES = {"benchmark": Size(32, 1280), "small": Size(8, 320), "tiny": Size(4, 40)}
