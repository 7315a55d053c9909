r"""DARTS, second order: the architecture parameters look one step of the weights ahead.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, equations 6 to 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from harness.inputs import Batch
from harness.training._trained import MOMENTUM, WEIGHT_DECAY, Trained

TRAINS = True
INITIAL_DEVIATION = 1e-3

STEP = 0.01
"""Length of the step, in all weights together, of the finite difference in place of a second derivative."""


def architecture_gradient(trained: Trained, train: Batch, valid: Batch, rate: float) -> list[Tensor]:
    r"""Gradient of ``L_valid(w', alpha)`` with respect to ``alpha``, ``w'`` being the weights one step ahead.

    .. math::

        w' &= w - \xi (\mu b + \nabla_w L_{train}(w, \alpha) + \lambda w) \\
        g &= \nabla_\alpha L_{valid}(w', \alpha)
            - \xi \frac{\nabla_\alpha L_{train}(w + \epsilon v, \alpha)
                        - \nabla_\alpha L_{train}(w - \epsilon v, \alpha)}{2 \epsilon}

    with :math:`v = \nabla_{w'} L_{valid}(w', \alpha)`, :math:`\epsilon = 0.01 / \|v\|_2`, :math:`\xi` the
    present learning ``rate``, :math:`b` the optimiser's momentum, :math:`\mu` its factor and
    :math:`\lambda` the weight decay. The weights and the running statistics are left as they were.
    """
    weights = trained.weights
    before = [weight.detach().clone() for weight in weights]
    with trained.statistics_kept():
        slopes = trained.gradients(trained.loss(train), weights)
        with torch.no_grad():
            for weight, slope, momentum in zip(weights, slopes, trained.momenta(), strict=True):
                weight.sub_(rate * (MOMENTUM * momentum + slope + WEIGHT_DECAY * weight))
        ahead = trained.gradients(trained.loss(valid), [*trained.alphas, *weights])
        count = len(trained.alphas)
        direct, directions = ahead[:count], ahead[count:]
        length = float(torch.sqrt(reduce(torch.add, ((direction**2).sum() for direction in directions))))
        if length > 0:
            epsilon = STEP / length
            upper, lower = (
                _slopes_at(trained, before, directions, sign * epsilon, train) for sign in (1.0, -1.0)
            )
            direct = [
                own - rate * (above - below) / (2 * epsilon)
                for own, above, below in zip(direct, upper, lower, strict=True)
            ]
        _place(weights, before)
    return direct


def _slopes_at(
    trained: Trained, before: Sequence[Tensor], directions: Sequence[Tensor], step: float, train: Batch
) -> list[Tensor]:
    """``d L_train / d alpha`` with the weights moved from ``before`` by ``step`` along ``directions``."""
    moved = [weight + step * direction for weight, direction in zip(before, directions, strict=True)]
    _place(trained.weights, moved)
    return trained.gradients(trained.loss(train), trained.alphas)


def _place(weights: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(value)
