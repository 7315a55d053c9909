"""Sizes of NAS-Bench-1Shot1's networks and supernets; shapes: :mod:`harness.networks.nb1shot1`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Channels of the first stack, the network's and the supernet's; ``cells`` per stack."""

    channels: int
    supernet_channels: int
    cells: int


FIDELITIES = {"benchmark": Size(128, 16, 3), "small": Size(16, 8, 1), "tiny": Size(8, 4, 1)}
