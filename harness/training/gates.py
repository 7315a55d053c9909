"""Gates of NSE: layers of several branches, the half of which a step trains, and indicators of their fitness.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021. What is trained is the sub-space
of a round (:class:`harness.training.Gated`), so that it is for methods that evolve one, and no other. Of a
learning curve ``train_loss`` and ``train_accuracy`` are over the branches that the epoch has drawn, and
``valid_accuracy`` is that of one draw after it. Theirs has rates up to 0.4, a warm-up, batches of 1,024 and
a hundred epochs a round; here the weights' optimiser is that of all supernets, and images of both halves are
cropped and mirrored, where the authors show those of the held-out half as they are.
"""

from __future__ import annotations

from torch import Tensor

from harness.inputs import Batch
from harness.training._gated import Gated

TRAINS = True
INITIAL_DEVIATION = 0.0
ROUNDS = True


def architecture_gradient(trained: Gated, train: Batch, valid: Batch, rate: float) -> list[Tensor]:
    """``d (L_valid + cost) / d alpha`` through two sets of every decision that are drawn now."""
    return trained.gate_gradient(valid)
