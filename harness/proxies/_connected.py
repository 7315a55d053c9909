"""Whether a network's logits depend on the images, told by more than their values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness import graphs
from harness.proxies._gradients import gradients_of
from harness.proxies._modules import parameters_of, run
from harness.proxies._traced import traced


def depends_on_images(module: nn.Module, images: Tensor) -> bool:
    """Whether operations lead from the images to the logits, or where it cannot be traced a gradient back."""
    try:
        return traced(module, graphs.Nodes(images)).connected
    except graphs.Untraceable:
        # Two samples nearly always show the gradient; all of them are needed where ReLUs are dead.
        return any(_gradient_arrives(module, images[:samples]) for samples in (2, len(images)))


def _gradient_arrives(module: nn.Module, images: Tensor) -> bool:
    """In double precision, evaluation mode."""
    parameters = {name: leaf.detach().double() for name, leaf in parameters_of(module).items()}
    with torch.enable_grad():
        images = images.double().requires_grad_()
        logits = run(module, parameters, images, training=False)
        # Unequal factors, because the classes' gradients may cancel in a plain sum.
        factors = torch.linspace(1, 2, logits.shape[1], dtype=logits.dtype, device=logits.device)
        (gradient,) = gradients_of((logits * factors).sum(), [images])
    return gradient is not None and bool(gradient.any())
