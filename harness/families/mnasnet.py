"""Sizes of Accel-NASBench's networks; shapes: :mod:`harness.networks.mnasnet`."""

from __future__ import annotations

from dataclasses import dataclass

NO_SUPERNET = "candidates are depths too, so that a block of fewer layers cannot be summed with one of more"


@dataclass(frozen=True)
class Size:
    """One over the ``share`` of the channels, one of :data:`harness.networks.mnasnet.ACTIVATIONS`'s names,
    and the side of the ``largest_image``.
    """

    share: int = 1
    activation: str = "relu"
    largest_image: int | None = None


FIDELITIES = {
    "benchmark": Size(),
    "small": Size(2, largest_image=64),
    "small_swish": Size(2, "swish", largest_image=64),
    "tiny": Size(4, largest_image=32),
}
