"""What a network's prediction for every sample tells of one weight per layer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.proxies._modules import layer_weights, own_weight, parameters_of, run
from harness.proxies._outcome import finite
from harness.proxies._passes import Passes
from harness.proxies._state import keep_state

_READS_WEIGHTS = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
"""Modules of torch that read the weights of layers without calling these."""
_TOLERANCE = 1e-3
"""Of the summed sizes of the terms; a layer that is not seen is wrong by about all of them."""


def fisher_information(passes: Passes) -> Tensor:
    """F = 1/B sum_n J_n^T (diag(p_n) - p_n p_n^T) J_n, (layers, layers) in float64, batch norm in eval mode.

    p_n are the class probabilities of sample n, J_n, (classes, layers), the derivatives of its logits with
    respect to one weight of every convolution and linear layer, the first entry of its tensor; a weight that
    layers share counts once. So F is the mean over samples and predicted labels of the outer product of the
    log-likelihood's gradient. One forward pass and one backward pass per class, none to the weights
    themselves; one per class and sample where samples meet, or a layer's weight is read by something else.

    Raises
    ------
    Undefined
        Where the logits are not finite or do not depend on the images.
    """
    return passes.read("fisher_information", lambda: _inform(passes))


def _inform(passes: Passes) -> Tensor:
    jacobian, logits = _jacobian(passes)
    finite(float(jacobian.abs().max()), "the largest derivative of a logit")
    shares = logits.double().softmax(dim=1)[:, :, None]
    centred = (jacobian - (shares * jacobian).sum(dim=1, keepdim=True)) * shares.sqrt()
    rows = centred.flatten(0, 1)
    return rows.T @ rows / len(logits)


def _jacobian(passes: Passes) -> tuple[Tensor, Tensor]:
    """J, (samples, classes, layers) in float64, and the logits, (samples, classes)."""
    parts = list(passes.module.modules())
    if not any(isinstance(part, _BatchNorm) and part.running_mean is None for part in parts):
        found = _by_steps(passes)
        doubtful = keep_state(parts) or any(isinstance(part, _READS_WEIGHTS) for part in parts)
        if found is not None and not (doubtful and not _agrees(passes, found[0])):
            return found
    return _by_logits(passes)


def _by_logits(passes: Passes) -> tuple[Tensor, Tensor]:
    """J and the logits by a backward pass for every logit: of any network."""
    logits, weights = _logits(passes)
    jacobian = logits.new_zeros(*logits.shape, len(weights), dtype=torch.float64)
    for sample, row in enumerate(logits):
        for number, logit in enumerate(row):
            jacobian[sample, number] = _first_entries(logit, weights)
    return jacobian, logits.detach()


def _agrees(passes: Passes, jacobian: Tensor) -> bool:
    """Whether a weighted sum of all logits has the derivatives that ``jacobian`` says."""
    logits, weights = _logits(passes)
    factors = torch.rand(logits.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.5
    factors = factors.to(logits.device)
    expected = _first_entries((factors * logits).sum(), weights)
    terms = factors[:, :, None] * jacobian
    return bool(((terms.sum((0, 1)) - expected).abs() <= _TOLERANCE * terms.abs().sum((0, 1))).all())


def _logits(passes: Passes) -> tuple[Tensor, list[Tensor]]:
    """Logits in evaluation mode, and the layers' weights that they hang on."""
    parameters = parameters_of(passes.module)
    logits = run(passes.module, parameters, passes.images, training=False)
    passes.require_connected(logits)
    return logits, list(layer_weights(passes.module, parameters).values())


def _first_entries(output: Tensor, weights: list[Tensor]) -> Tensor:
    """Derivatives of ``output`` for the first entry of every weight, (layers,) in float64."""
    found = _derivatives(output, weights)
    return torch.stack([each.flatten()[0].double() for each in found])


def _by_steps(passes: Passes) -> tuple[Tensor, Tensor] | None:
    """J and the logits by a backward pass for every class, where no sample takes part in another's logits.

    None where a layer's output has something else than the samples in front. Wrong where a weight is read by
    something else than its layer.
    """
    own = {name: leaf.requires_grad_(False) for name, leaf in parameters_of(passes.module).items()}
    names = layer_weights(passes.module, own)
    steps = {name: passes.images.new_zeros(len(passes.images), requires_grad=True) for name in names}
    try:
        with _stepping(passes.module, steps):
            logits = run(passes.module, own, passes.images, training=False)
    except _OtherShape:
        return None
    passes.require_connected(logits)
    columns = [torch.stack(_derivatives(each.sum(), list(steps.values()))) for each in logits.unbind(1)]
    return torch.stack(columns).permute(2, 0, 1).double(), logits.detach()


def _derivatives(output: Tensor, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    """Derivatives of ``output``, 0 where it does not depend on an input."""
    if not output.requires_grad:
        return tuple(torch.zeros_like(each) for each in inputs)
    return torch.autograd.grad(output, inputs, retain_graph=True, allow_unused=True, materialize_grads=True)


class _OtherShape(Exception):
    """A layer's output does not have the samples in front."""


@contextmanager
def _stepping(module: nn.Module, steps: dict[str, Tensor]) -> Iterator[None]:
    """Sample n's output of every layer is that of a weight whose first entry is larger by ``step[n]``.

    A layer is linear in its weight, so the change is ``step[n]`` times its output on a weight of zeros with
    a one at that entry. For steps of 0, and only their derivatives are asked for.
    """
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    with ExitStack() as stack:
        for layer in module.modules():
            name = names.get(id(own_weight(layer)))
            if name in steps:
                stack.enter_context(layer.register_forward_hook(_stepper(steps[name]), with_kwargs=True))
        yield


def _stepper(step: Tensor) -> Any:
    def add(layer: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], output: Tensor) -> Tensor:
        if len(output) != len(step):
            raise _OtherShape
        with torch.no_grad():
            unit = torch.zeros_like(layer.weight)
            unit[(0,) * unit.ndim] = 1
            probe = copy.copy(layer)
            probe._parameters = {"weight": unit, "bias": None}
            change = type(layer).forward(probe, *arguments, **keywords)
        return output + step.view(-1, *[1] * (output.ndim - 1)) * change

    return add
