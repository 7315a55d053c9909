"""Counting parameters and multiply-accumulates of any module."""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call

_BATCH = 2
"""Two images, because batch statistics of one value per channel are refused in training mode."""


def count_parameters(module: nn.Module) -> int:
    """Entries of all parameters, each shared one once; buffers such as running statistics do not count.

    Examples
    --------
    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in module.parameters())


def count_flops(module: nn.Module, image_size: int, channels: int = 3) -> int:
    """Multiply-accumulates for one image in the convolutions and linear layers that run.

    A convolution counts ``H' W' C' (C / groups) k_h k_w``, a linear layer ``inputs x outputs``;
    biases, normalisations, poolings and additions count nothing. A layer that runs twice counts
    twice, one that never runs counts nothing. Shapes come from a pass of black images with copied
    buffers, on the module's own device (the meta device will do); nothing of the module changes.

    Parameters
    ----------
    module
        Takes images ``(B, channels, image_size, image_size)``.
    image_size
        Height and width in pixels.
    channels
        Colour channels of the images.
    """
    total = 0

    def add(layer: nn.Module, _: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        # The first weight dimension is the output's width: what remains is the cost of one output number.
        total += output.numel() // _BATCH * layer.weight[0].numel()

    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    handles = [layer.register_forward_hook(add) for layer in layers]
    try:
        buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
        reference = next(module.parameters(), torch.empty(0))
        images = reference.new_zeros(_BATCH, channels, image_size, image_size)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            functional_call(module, buffers, (images,))
    finally:
        for handle in handles:
            handle.remove()
    return total
