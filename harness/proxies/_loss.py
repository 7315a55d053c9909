"""The backward pass of the loss, and what it brings beside the layers' gradients."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from harness import graphs
from harness.graphs import Node
from harness.proxies._forward import Forward
from harness.proxies._gradients import gradients_of, present
from harness.proxies._second import arrivals, curvature


@dataclass
class LossGradients:
    """What the mean cross-entropy of a batch depends on.

    Attributes
    ----------
    layers
        By the layers' names the weights with their gradients.
    saliencies
        Of the channels, where all were seen.
    arrived
        What :func:`~harness.proxies._second.curvature` takes of a pass whose calls were written down.
    """

    layers: dict[str, tuple[Tensor, Tensor]]
    saliencies: dict[str, Tensor] | None
    arrived: dict[Node, list[Tensor | None]] | None


def differentiated(found: Forward, weights: Mapping[str, Tensor], targets: Tensor) -> LossGradients:
    """One backward pass of the loss; raises as :func:`~harness.proxies._gradients.present`."""
    loss = F.cross_entropy(found.logits, targets)
    channels = found.channels
    asked = {} if found.calls is None else arrivals(found.calls)
    inputs = [*weights.values(), *(each for wanted in asked.values() for each in wanted)]
    with nullcontext() if channels is None else channels.collected() as saliencies:
        gradients = gradients_of(loss, inputs)
    layers = present(weights, gradients[: len(weights)])
    rest = iter(gradients[len(weights) :])
    return LossGradients(
        {name: (weights[name].detach(), gradient) for name, gradient in layers.items()},
        saliencies if channels is not None and channels.intact else None,
        None if found.calls is None else {node: [next(rest) for _ in each] for node, each in asked.items()},
    )


def curvature_of(found: Forward, loss: LossGradients, targets: Tensor) -> float:
    """W^T H g of the layers' weights W, their gradients g and H = d2L/dW2.

    What the backward pass brought for it is given up, so that the next reader would not find it.

    Raises
    ------
    Untraceable
        Where the calls were not written down, or something was called whose derivatives are not known.
    """
    arrived, loss.arrived = loss.arrived, None
    if found.calls is None or arrived is None:
        raise graphs.Untraceable("the calls were not written down")
    steps = {id(found.parameters[name]): gradient for name, (_, gradient) in loss.layers.items()}
    return curvature(found.calls, arrived, found.logits, targets, steps)
