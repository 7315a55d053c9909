"""Sizes of NAS-Bench-201's networks and supernet; shapes: :mod:`harness.networks.nb201`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``channels`` of the first stage; ``cells`` per stage."""

    channels: int
    cells: int


FIDELITIES = {"benchmark": Size(16, 5), "small": Size(16, 1), "tiny": Size(4, 1)}
