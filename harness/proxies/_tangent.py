"""The neural tangent kernel of a batch, from blocks of gradients of every sample by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from harness.proxies._outcome import Refused, finite

_COLUMNS = 2**16
"""Weights whose gradients are held in double precision at a time."""


def kernel_of(images: Tensor, hand_over: Callable[[Callable[[Tensor], None]], None]) -> np.ndarray:
    """J J^T, (samples, samples), of the blocks of columns of J that ``hand_over`` gives its argument."""
    kernel = torch.zeros((len(images),) * 2, dtype=torch.float64, device=images.device)

    def add(block: Tensor) -> None:
        for columns in block.split(_COLUMNS, dim=1):
            columns = columns.double()
            kernel.addmm_(columns, columns.T)

    hand_over(add)
    finite(float(kernel.abs().max()), "the largest entry of the tangent kernel")
    return kernel.cpu().numpy()


def is_weight(name: str) -> bool:
    """Whether a parameter of this name takes part in the kernel."""
    return "weight" in name


def require_any(weights: Sequence[Tensor]) -> None:
    """Raise :class:`Refused` where there are no ``weights``."""
    if not weights:
        raise Refused("the network has no parameter with 'weight' in its name; take another proxy")
