"""DARTS, first order: weights on one half of the images, architecture parameters on the other, in turn.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, with xi = 0.
"""

from __future__ import annotations

from torch import Tensor

from harness.inputs import Batch
from harness.training._trained import Trained

TRAINS = True
INITIAL_DEVIATION = 1e-3


def architecture_gradient(trained: Trained, train: Batch, valid: Batch, rate: float) -> list[Tensor]:
    """``d L_valid(w, alpha) / d alpha`` for every decision, at the weights ``w`` as they are."""
    return trained.gradients(trained.loss(valid), trained.alphas)
