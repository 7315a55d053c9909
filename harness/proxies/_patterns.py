"""Counting the sign patterns of a network's ReLUs."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from harness.graphs import unit_rows
from harness.proxies._kernel import run_watching_relus


def distinct_patterns(module: nn.Module, images: Tensor, training: bool) -> tuple[int, Tensor]:
    """How many different sign patterns the ReLUs have over the samples, and the logits.

    Two samples have the same pattern where every unit of every call of a ReLU has a
    positive input for both or for none. Exact: a grouping of the samples is refined call by call, so
    that the codes of one call are held at a time. Without a ReLU all samples have the same pattern.
    """
    groups = np.zeros(len(images), dtype=np.int64)

    def refine(activations: Tensor) -> None:
        nonlocal groups
        if groups.max() < len(groups) - 1:  # else no two samples are in one group any more
            _, groups = np.unique(groups * len(groups) + _pattern_numbers(activations), return_inverse=True)

    logits = run_watching_relus(module, images, training, refine)
    return int(groups.max()) + 1, logits


def _pattern_numbers(activations: Tensor) -> np.ndarray:
    """For every sample a number that tells its units' signs from other samples'."""
    bits = np.packbits((unit_rows(activations) > 0).cpu().numpy(), axis=1)
    rows = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1]
