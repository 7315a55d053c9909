"""Sizes of NAS-DIP's encoder-decoders; shapes: :mod:`harness.networks.nas_dip`."""

from __future__ import annotations

from dataclasses import dataclass

from harness.spaces._nas_dip import CHANNELS, KERNELS

NO_SUPERNET = "candidates are bits of kernels' and channels' sizes, which have no operations of their own"


@dataclass(frozen=True)
class Size:
    """The largest side of a convolution and the most channels, that three bits of 1 stand for.

    ``scales`` and ``width`` are those of the classical network beside them.
    """

    kernel: int
    channels: int
    scales: int
    width: int

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of convolutions by the number that three bits are: the odd ones, each as often."""
        count = (self.kernel + 1) // 2
        return tuple(1 + 2 * (number * count // len(KERNELS)) for number in range(len(KERNELS)))

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of channels likewise: the genome's own where these are meant, else eighths of the most."""
        if self.channels == CHANNELS[-1]:
            return CHANNELS
        eighths = range(1, len(CHANNELS) + 1)
        return tuple(max(2, eighth * self.channels // len(CHANNELS)) for eighth in eighths)


FIDELITIES = {
    "benchmark": Size(KERNELS[-1], CHANNELS[-1], 5, 128),
    "small": Size(7, 32, 4, 32),
    "tiny": Size(3, 16, 2, 8),
}
"""``benchmark`` is the genome's full range; in smaller networks neighbouring kernels are one."""
