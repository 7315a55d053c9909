"""Running any module on other tensors than its own, and leaving it exactly as it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from harness.errors import ConfigError

_MISSING = object()


def parameters_of(module: nn.Module) -> dict[str, Tensor]:
    """Fresh leaves on the module's own numbers, so that gradients never reach the module itself."""
    own = {name: parameter.detach() for name, parameter in module.named_parameters()}
    return {name: leaf.requires_grad_(leaf.is_floating_point()) for name, leaf in own.items()}


def layer_weights(module: nn.Module, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the convolution and linear layers among ``parameters``, a shared weight once.

    Raises
    ------
    ValueError
        Where there is no such layer, or a layer's weight is computed instead of stored.
    """
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    weights: dict[str, Tensor] = {}
    for path, layer in module.named_modules():
        if isinstance(layer, _ConvNd | nn.Linear):
            name = names.get(id(layer.weight))
            if name is None:
                raise ValueError(f"the weight of layer {path!r} is not a parameter of the network")
            weights[name] = parameters[name]
    if not weights:
        raise ValueError("the network has no convolution or linear layer")
    return weights


def run(module: nn.Module, parameters: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
    """Logits of the module's computation on ``parameters`` and on copies of its buffers.

    Batch-norm layers update the copies; the images are copied because a ReLU may work in place.

    Raises
    ------
    ConfigError
        Where the output is not one tensor of shape (samples, classes).
    """
    reference = next(iter(parameters.values()), images)
    buffers = {
        name: buffer.detach().to(reference.dtype if buffer.is_floating_point() else buffer.dtype, copy=True)
        for name, buffer in module.named_buffers()
    }
    with training_mode(module, training):
        logits = functional_call(module, (dict(parameters), buffers), (images.clone(),))
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(images):
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ConfigError(
            "A network to be scored returns one tensor of logits, shape (samples, classes); received "
            f"{shape} for {len(images)} samples. Wrap the network so that it returns the logits only."
        )
    return logits


@contextmanager
def training_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Put every part in one mode, then back into its own; ``train()`` is not called, it may be overridden."""
    found = [(part, part.training) for part in module.modules()]
    try:
        for part, _ in found:
            part.training = training
        yield
    finally:
        for part, mode in found:
            part.training = mode


@contextmanager
def linearised(module: nn.Module) -> Iterator[None]:
    """Every batch-norm and ReLU6 layer hands its input through.

    Where all numbers are positive a ReLU changes nothing, but ReLU6 would cut a signal that grows to 1e60.
    """
    layers = [part for part in module.modules() if isinstance(part, _BatchNorm | nn.ReLU6)]
    found = [(layer, vars(layer).get("forward", _MISSING)) for layer in layers]
    try:
        for layer in layers:
            layer.forward = _identity
        yield
    finally:
        for layer, forward in found:
            del layer.forward
            if forward is not _MISSING:
                layer.forward = forward


@contextmanager
def own_random_state(images: Tensor, seed: int) -> Iterator[None]:
    """Dropout draws from ``seed``; the global generators continue where they were."""
    devices = [images.device] if images.device.type == "cuda" else []
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        torch.manual_seed(seed)
        yield


def _identity(images: Tensor) -> Tensor:
    return images
