"""What is handed over as a network: the module inside its wrappers, or a sentence why it cannot be scored."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from harness.errors import ConfigError


def unwrapped(module: nn.Module) -> nn.Module:
    """The network inside ``DataParallel``, ``DistributedDataParallel`` and what ``torch.compile`` returns.

    Raises
    ------
    ConfigError
        For what is no module.
    """
    if not isinstance(module, nn.Module):
        raise ConfigError(
            f"A network is an nn.Module that maps images to logits; received {type(module).__name__}. "
            "Wrap functions and weights in a module, or load the weights into one."
        )
    while isinstance(module, DataParallel | DistributedDataParallel) or _is_compiled(module):
        module = module._orig_mod if _is_compiled(module) else module.module
    return module


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == "OptimizedModule" and isinstance(
        vars(module)["_modules"].get("_orig_mod"), nn.Module
    )


def refusal(module: nn.Module) -> str:
    """Why no proxy can score the network, and what to hand over instead; empty where nothing is known."""
    for path, part in module.named_modules():
        where = f"its part {path!r}" if path else "the network"
        if isinstance(part, torch.jit.ScriptModule):
            return f"{where} is scripted and takes no other weights; hand over the module it was made of"
        if ".quantized." in type(part).__module__ and type(part).__module__.startswith("torch."):
            return f"{where} is quantised and has no gradients; hand over the network before its conversion"
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if nn.parameter.is_lazy(tensor):
            return f"{name} has no shape yet; run the network once on a batch of images and hand it over then"
        if tensor.is_meta:
            return f"{name} is on the meta device and has no numbers; build the network on another device"
        if tensor.is_quantized:
            return f"{name} is quantised and has no gradients; hand over the network before its conversion"
    return ""


def memory_format(module: nn.Module) -> torch.memory_format:
    """In which order images lie in memory: channels last, where convolutions run a quarter faster on the CPU.

    Contiguous for networks with a 1 x 1 convolution, not grouped, of stride above 1 and 2 to 7 input
    channels: on processors with AVX2 alone, the backward pass that oneDNN has for it in channels last writes
    beyond its memory (torch 2.13).
    """
    risky = any(isinstance(part, nn.Conv2d) and _is_risky(part) for part in module.modules())
    return torch.contiguous_format if risky else torch.channels_last


def _is_risky(layer: nn.Conv2d) -> bool:
    pointwise = layer.kernel_size == (1, 1) and max(layer.stride) > 1 and layer.groups == 1
    return pointwise and 2 <= layer.in_channels <= 7
