"""Initial weights from a generator of their own: nothing global is drawn from or reset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Literal, TypeVar

import torch
from torch import nn

from harness.errors import unknown_name
from harness.networks._blocks import Drawing

Module = TypeVar("Module", bound=nn.Module)

TRUNCATED_STD = 0.8796256610342398
"""Standard deviation of a standard normal variable cut off at -2 and 2."""


def _pytorch(weight: torch.Tensor, bias: torch.Tensor | None, generator: torch.Generator) -> None:
    bound = 1 / sqrt(weight[0].numel())
    weight.uniform_(-bound, bound, generator=generator)
    if bias is not None:
        bias.uniform_(-bound, bound, generator=generator)


def _tensorflow(weight: torch.Tensor, bias: torch.Tensor | None, generator: torch.Generator) -> None:
    inputs = weight[0].numel()
    if weight.dim() == 2:
        bound = sqrt(6 / (inputs + len(weight)))
        weight.uniform_(-bound, bound, generator=generator)
    else:
        std = sqrt(1 / inputs) / TRUNCATED_STD
        nn.init.trunc_normal_(weight, 0.0, std, -2 * std, 2 * std, generator=generator)
    if bias is not None:
        bias.zero_()


def _kaiming(
    mode: Literal["fan_in", "fan_out"],
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    generator: torch.Generator,
) -> None:
    nn.init.kaiming_normal_(weight, mode=mode, nonlinearity="relu", generator=generator)
    if bias is not None:
        bias.zero_()


def _kaiming_convolutions(
    weight: torch.Tensor, bias: torch.Tensor | None, generator: torch.Generator
) -> None:
    if weight.dim() == 2:
        _pytorch(weight, bias, generator)
    else:
        _kaiming("fan_out", weight, bias, generator)


def _efficientnet(weight: torch.Tensor, bias: torch.Tensor | None, generator: torch.Generator) -> None:
    if weight.dim() == 2:
        bound = 1 / sqrt(len(weight))
        weight.uniform_(-bound, bound, generator=generator)
        if bias is not None:
            bias.zero_()
    else:
        _kaiming("fan_out", weight, bias, generator)


INITS: dict[str, Callable[[torch.Tensor, torch.Tensor | None, torch.Generator], None]] = {
    "pytorch": _pytorch,
    "tensorflow": _tensorflow,
    "kaiming_fan_in": partial(_kaiming, "fan_in"),
    "kaiming_fan_out": partial(_kaiming, "fan_out"),
    "kaiming_convolutions": _kaiming_convolutions,
    "efficientnet": _efficientnet,
}
"""How convolutions and linear layers are drawn; with n inputs per output and m outputs:

``pytorch``: weights and biases uniform in +-1 / sqrt(n), PyTorch's default.
``tensorflow``: convolutions normal, cut off at two standard deviations, variance 1 / n; linear
weights uniform in +-sqrt(6 / (n + m)), biases 0: TensorFlow 1's ``variance_scaling_initializer`` and
``dense``, as NAS-Bench-101 used them.
``kaiming_fan_in``, ``kaiming_fan_out``: weights normal with variance 2 / n, or 2 / (m k) for kernels of k
pixels, biases 0: He et al., ICCV 2015, which keeps the variance of signals, or of gradients, behind ReLUs.
``kaiming_convolutions``: convolutions as ``kaiming_fan_out``, linear layers as ``pytorch``.
``efficientnet``: convolutions as ``kaiming_fan_out``; linear weights uniform in +-1 / sqrt(m), biases 0: as
torchvision's EfficientNet, and the networks of Accel-NASBench.
"""


def draw(module: Module, init: str, seed: int) -> Module:
    """Fill the convolutions and linear layers of ``module`` in place, layer by layer, and return it.

    Layers that draw numbers in every pass get their seeds. Batch normalisations keep what they are built
    with: weight 1, bias 0, running mean 0 and variance 1.

    Parameters
    ----------
    module
        On the CPU.
    init
        A name of :data:`INITS`.
    seed
        The generator's seed, from :func:`harness.seeding.derive`.

    Raises
    ------
    UnknownNameError
        For an ``init`` that is not there.
    """
    if init not in INITS:
        raise unknown_name("weight initialisation", init, INITS)
    fill, generator = INITS[init], torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                fill(layer.weight, layer.bias, generator)
            elif isinstance(layer, Drawing):
                layer.seed.random_(2**31, generator=generator)
    return module
