"""What a network of NAS-Bench-201 costs, which its releases state wrongly here and there, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.spaces import Architecture
from harness.spaces.nb201 import OPERATIONS

WIDTHS = (16, 32, 64)
CELLS = 5
"""Cells of each width."""

KERNELS = tuple({"nor_conv_3x3": 3, "nor_conv_1x1": 1}.get(operation, 0) for operation in OPERATIONS)
"""Of each operation's convolution, 0 where it has none."""

REST = 73_306
"""Parameters of everything but the cells, for 10 classes."""

REST_MULTIPLY_ADDS = 7_783_040
"""Multiply-adds of everything but the cells, for an image of 32 x 32 pixels and 10 classes."""


_OF_OPERATION = tuple(
    CELLS * sum(k * k * width**2 + 2 * width for width in WIDTHS) if k else 0 for k in KERNELS
)
"""Parameters that an edge adds, by operation."""


def parameters(arch: Architecture) -> int:
    """Trainable parameters of the network of ``arch`` with 10 classes.

    ``REST + 5 sum over edges, widths C of (k^2 C^2 + 2 C)``: convolutions of kernel k with batch norm; other
    operations have none.
    """
    return REST + sum(_OF_OPERATION[pick] for (pick,) in arch)


def wrong_counts(archs: Sequence[Architecture], stated: np.ndarray) -> np.ndarray:
    """Mask of ``stated`` counts that are another network's; from a million on they may be rounded to 10."""
    own = np.array([parameters(arch) for arch in archs])
    return np.abs(own - stated) > np.where(stated >= 1e6, 5, 0.5)


def multiply_adds(arch: Architecture) -> int:
    """Multiply-adds of the convolutions and the linear layer for one CIFAR-10 image of 32 x 32 pixels.

    ``REST_MULTIPLY_ADDS + 5 sum over edges, widths C at side s of k^2 C^2 s^2``, the side halved as the width
    doubles, so that ``C s`` is 512 everywhere.
    """
    return REST_MULTIPLY_ADDS + CELLS * len(WIDTHS) * 512**2 * sum(KERNELS[pick] ** 2 for (pick,) in arch)
