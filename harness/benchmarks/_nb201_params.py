"""How many parameters a network of NAS-Bench-201 has, which its releases state wrongly here and there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.spaces import Architecture
from harness.spaces.nb201 import OPERATIONS

WIDTHS = (16, 32, 64)
CELLS = 5
"""Cells of each width."""

REST = 73_306
"""Parameters of everything but the cells, for 10 classes."""


def parameters(arch: Architecture) -> int:
    """Trainable parameters of the network of ``arch`` with 10 classes.

    ``REST + 5 sum over edges, widths C of (k^2 C^2 + 2 C)``: convolutions of kernel k with batch norm; other
    operations have none.
    """
    kernels = [{"nor_conv_3x3": 3, "nor_conv_1x1": 1}.get(OPERATIONS[pick], 0) for (pick,) in arch]
    return REST + CELLS * sum(k * k * width**2 + 2 * width for k in kernels if k for width in WIDTHS)


def wrong_counts(archs: Sequence[Architecture], stated: np.ndarray) -> np.ndarray:
    """Mask of ``stated`` counts that are another network's; from a million on they may be rounded to 10."""
    own = np.array([parameters(arch) for arch in archs])
    return np.abs(own - stated) > np.where(stated >= 1e6, 5, 0.5)
