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


def fisher_information(passes: Passes) -> Tensor:
    """F = 1/B sum_n J_n^T (diag(p_n) - p_n p_n^T) J_n, (layers, layers) in float64, batch norm in eval mode.

    p_n are the class probabilities of sample n, J_n, (classes, layers), the derivatives of its logits with
    respect to one weight of every convolution and linear layer, the first entry of its tensor; a weight that
    layers share counts once. So F is the mean over samples and predicted labels of the outer product of the
    log-likelihood's gradient. One forward pass and one backward pass per class, none to the weights
    themselves; where a batch norm without running statistics couples the samples, one per class and sample.

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
    own = {name: leaf.detach() for name, leaf in parameters_of(passes.module).items()}
    samples = len(passes.images)
    steps = {
        name: passes.images.new_zeros(samples, requires_grad=True)
        for name in layer_weights(passes.module, own)
    }
    with _stepping(passes.module, steps):
        logits = run(passes.module, own, passes.images, training=False)
    passes.require_connected(logits)
    coupled = any(
        isinstance(part, _BatchNorm) and part.running_mean is None for part in passes.module.modules()
    )
    jacobian = logits.new_zeros(*logits.shape, len(steps), dtype=torch.float64)
    for number in range(logits.shape[1]):
        if coupled:
            for sample, logit in enumerate(logits[:, number]):
                jacobian[sample, number] = _derivatives(logit, steps).sum(dim=1)
        else:
            jacobian[:, number] = _derivatives(logits[:, number].sum(), steps).T
    return jacobian, logits.detach()


def _derivatives(output: Tensor, steps: dict[str, Tensor]) -> Tensor:
    """Derivatives of ``output`` for every step, (layers, samples) in float64; 0 where there is none."""
    if not output.requires_grad:
        return torch.zeros(
            len(steps), len(next(iter(steps.values()))), dtype=torch.float64, device=output.device
        )
    found = torch.autograd.grad(
        output, list(steps.values()), retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return torch.stack(found).double()


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
    def add(layer: nn.Module, arguments: tuple, keywords: dict, output: Tensor) -> Tensor:
        if len(output) != len(step):
            raise ValueError(
                f"a layer returned a tensor of shape {tuple(output.shape)}, whose first dimension is not the "
                f"batch of {len(step)}"
            )
        with torch.no_grad():
            unit = torch.zeros_like(layer.weight)
            unit[(0,) * unit.ndim] = 1
            probe = copy.copy(layer)
            probe._parameters = {"weight": unit, "bias": None}
            change = type(layer).forward(probe, *arguments, **keywords)
        return output + step.view(-1, *[1] * (output.ndim - 1)) * change

    return add
