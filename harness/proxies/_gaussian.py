"""Networks with weights drawn anew from a normal distribution, and the scale that batch norm takes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from harness.networks import named_parameters_of, parts_of
from harness.proxies._maps import Maps
from harness.proxies._modules import layer_weights, parameters_of
from harness.proxies._outcome import Undefined, exact_sum
from harness.proxies._passes import Passes
from harness.proxies._totals import numbers
from harness.proxies._wrapped import memory_format

_DRAWN = (_ConvNd, nn.Linear, _NormBase, nn.GroupNorm, nn.LayerNorm)


def gaussian_parameters(module: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """The module's parameters, its layers drawn anew: weights from N(0, 1), biases 0, normalisations 1 and 0.

    Numbers are drawn as by :func:`normal`. Parameters of other modules stay as they are.

    Raises
    ------
    Refused
        Where there is no convolution or linear layer, or a layer's weight is computed instead of stored.
    """
    parameters = {name: leaf.detach() for name, leaf in parameters_of(module).items()}
    names = {id(parameter): name for name, parameter in named_parameters_of(module)}
    weights = layer_weights(module, parameters)
    for layer in parts_of(module):
        if isinstance(layer, _DRAWN):
            for name, value in (("weight", 1.0), ("bias", 0.0)):
                own = layer._parameters.get(name)
                if own is not None:
                    parameters[names[id(own)]] = torch.full_like(own, value)
    return parameters | {name: normal(weight.shape, weight, generator) for name, weight in weights.items()}


def normal(shape: Sequence[int], like: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers from N(0, 1) on the device and in the number format of ``like``.

    Drawn in single precision, four times as fast as in double; wider formats have the same numbers.
    """
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32).to(like)


def scaled_change(
    passes: Passes, generator: torch.Generator, samples: int, step: float
) -> tuple[float, float]:
    """How far a small change of Gaussian images moves a Gaussian network's last feature map, and its scale.

    Parameters
    ----------
    passes
        Of the network; the images have its batch's size and number format.
    generator
        Draws the images x, their change e, then the weights: x and e are the same for all networks.
    samples
        Number of images, at least 1.
    step
        Size of the change.

    Returns
    -------
    tuple
        The mean over samples of the sum of |f(x) - f(x + step e)| over the map's entries, and the sum over
        ``nn.BatchNorm2d`` calls of ln sqrt(v), v being the variance of their input at x over samples and
        pixels, averaged over channels. A call with v = 0 but for rounding (v <= 2^-23 in float32, 2^-52 in
        float64, times the mean square of the channels' means) adds 0.

    Raises
    ------
    Undefined
        ``disconnected`` where the logits do not depend on the images, ``nan`` without a feature map.
    """
    shape = (samples, *passes.images.shape[1:])
    images, direction = (normal(shape, passes.images, generator) for _ in range(2))
    network = passes.read("maps", lambda: Maps.of(passes.module, images))
    parameters = gaussian_parameters(passes.module, generator)
    if images.ndim == 4:
        images = images.contiguous(memory_format=memory_format(parts_of(passes.module), images.device))
    with torch.no_grad():
        moments: list[Tensor] = []
        features, logits = network.run(parameters, images, partial(_add_moments, moments))
        passes.require_connected(logits, network.connected)
        changed = None if features is None else network.run(parameters, images + step * direction)[0]
        if features is None or changed is None:
            raise Undefined("nan", "the network has no feature map of more than one pixel")
    change = (features - changed).double().abs().sum() / samples
    return float(change), _scale(numbers(moments))


def _add_moments(moments: list[Tensor], means: Tensor, variances: Tensor) -> None:
    """Add the mean variance of a batch norm's channels, and what rounding alone may make of it."""
    rounding = torch.finfo(means.dtype).eps * means.double().square().mean()
    moments += [variances.double().mean(), rounding]


def _scale(moments: Sequence[float]) -> float:
    """Sum of ln sqrt(v), v the mean variances; nothing where an input is constant but for its rounding."""
    pairs = zip(moments[::2], moments[1::2], strict=True)
    return exact_sum(math.log(variance) / 2 for variance, rounding in pairs if not variance <= rounding)
