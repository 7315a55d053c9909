"""Uniform single paths: a step trains one architecture, drawn anew, and nothing but its weights move.

Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV 2020. What is drawn
is :meth:`harness.spaces.Space.path`. Of a learning curve ``train_loss`` and ``train_accuracy`` are over the
paths of the epoch, and ``valid_accuracy`` is that of one path drawn after it.
"""

from __future__ import annotations

import numpy as np

from harness.spaces import Mask, Space

TRAINS = True
INITIAL_DEVIATION = 0.0
architecture_gradient = None


def drawn(space: Space, mask: Mask, rng: np.random.Generator) -> Mask:
    """One path of what ``mask`` leaves."""
    return space.path(mask, rng)
