"""The loss's gradients on each of several batches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.proxies._gradients import present
from harness.proxies._modules import layer_weights, parameters_of, run
from harness.proxies._passes import Passes


def loss_gradients(passes: Passes, number: int) -> dict[str, Tensor]:
    """Name to dL/dW of every convolution and linear layer that the loss on batch ``number`` depends on.

    L is the batch's mean cross-entropy, batch norm in training mode. One forward and one backward pass per
    batch; those of the first one serve every proxy that reads ``Passes.loss_gradients``.

    Raises
    ------
    Undefined
        Where logits or gradients are not finite, or the logits do not depend on the images.
    Refused
        For targets outside the network's classes, and where no layer receives a gradient.
    """
    if number == 0:
        return {name: gradient for name, (_, gradient) in passes.loss_gradients().items()}
    return passes.read(("loss", number), lambda: _differentiate(passes, number))


def stacked_gradients(passes: Passes, count: int) -> list[Tensor]:
    """Of every layer the gradients on the first ``count`` batches, (count, *weight) in float64.

    0 on a batch that the layer had no part in; raises as :func:`loss_gradients`.
    """
    batches = [loss_gradients(passes, number) for number in range(count)]
    layers = {name: gradient for batch in batches for name, gradient in batch.items()}
    return [
        torch.stack([batch.get(name, torch.zeros_like(like)) for batch in batches]).double()
        for name, like in layers.items()
    ]


def _differentiate(passes: Passes, number: int) -> dict[str, Tensor]:
    parameters = parameters_of(passes.module)
    weights = layer_weights(passes.module, parameters)
    for name, leaf in parameters.items():
        leaf.requires_grad_(name in weights)
    logits = run(passes.module, parameters, passes.batches[number].images, training=True)
    passes.require_connected(logits)
    passes.require_classes(logits, number)
    # Cloned, as targets made in inference mode cannot be saved for the backward pass.
    loss = F.cross_entropy(logits, passes.batches[number].targets.clone())
    leaves = list(weights.values())
    gradients = (
        torch.autograd.grad(loss, leaves, allow_unused=True) if loss.requires_grad else [None] * len(leaves)
    )
    return present(weights, gradients)
