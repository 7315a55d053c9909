"""Sizes of NATS-Bench's networks of its size space; shapes: :mod:`harness.networks.nats_sss`."""

from __future__ import annotations

from dataclasses import dataclass

NO_SUPERNET = "candidates are widths, so that their outputs have other shapes and cannot be summed"


@dataclass(frozen=True)
class Size:
    """``share`` of the space's widths that the network has, as one over this."""

    share: int


FIDELITIES = {"benchmark": Size(1), "small": Size(2), "tiny": Size(4)}
