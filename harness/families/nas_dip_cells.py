"""Sizes of the hourglasses of up-sampling cells; shapes: :mod:`harness.networks.nas_dip_cells`."""

from __future__ import annotations

from dataclasses import dataclass

NO_SUPERNET = "its candidates are bits and whole cells"


@dataclass(frozen=True)
class Size:
    """Channels of all stages, a multiple of 16."""

    channels: int


FIDELITIES = {"benchmark": Size(128), "small": Size(32), "tiny": Size(16)}
