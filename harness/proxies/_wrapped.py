"""What is handed over as a network: the module inside its wrappers, or a sentence why it cannot be scored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from harness.errors import ConfigError
from harness.networks import first_parameter, parts_of
from harness.proxies._state import keep_state

_PARALLEL = (DataParallel, DistributedDataParallel)


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
    while (inner := _inside(module)) is not None:
        module = inner
    return module


@contextmanager
def opened(parts: Sequence[nn.Module]) -> Iterator[Sequence[nn.Module]]:
    """Inside, those of the parts of a network that stand in such wrappers stand without them: these parts."""
    wrapped = any(map(_is_wrapper, set(map(type, parts))))
    found = [
        (part._modules, name, child)
        for part in (parts if wrapped else ())
        for name, child in part._modules.items()
        if child is not None and _inside(child) is not None
    ]
    try:
        for children, name, child in found:
            children[name] = unwrapped(child)
        yield [part for part in parts if not _is_wrapper(type(part))] if wrapped else parts
    finally:
        for children, name, child in found:
            children[name] = child


def _inside(module: nn.Module) -> nn.Module | None:
    """What a wrapper holds; None for any other module."""
    if not _is_wrapper(type(module)):
        return None
    return module._modules.get("module" if isinstance(module, _PARALLEL) else "_orig_mod")


def _is_wrapper(kind: type) -> bool:
    # By name, as its class is loaded by the first compilation only.
    return issubclass(kind, _PARALLEL) or kind.__name__ == "OptimizedModule"


def refused(parts: Collection[nn.Module]) -> bool:
    """Whether no proxy can score a network with these parts; :func:`refusal` says why."""
    return _lacks_numbers(parts) or any(map(_is_refused, set(map(type, parts))))


def refusal(module: nn.Module) -> str:
    """Why no proxy can score the network, and what to hand over instead; empty where nothing is known."""
    if not refused(parts_of(module)):
        return ""
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


def _lacks_numbers(parts: Collection[nn.Module]) -> bool:
    """Whether a parameter or buffer has no shape or no numbers yet, or is quantised."""
    held: list[Tensor | None] = []
    for part in parts:
        for own in (part._parameters, part._buffers):
            if own:
                held += own.values()
    found = [tensor for tensor in held if tensor is not None]
    lazy = any(map(nn.parameter.is_lazy, dict(zip(map(type, found), found, strict=True)).values()))
    return lazy or any([tensor.is_meta or tensor.is_quantized for tensor in found])


def _is_refused(kind: type) -> bool:
    return issubclass(kind, torch.jit.ScriptModule) or ".quantized." in kind.__module__


def number_format(module: nn.Module, images: Tensor) -> tuple[torch.device, torch.dtype]:
    """Where a network computes and in which numbers; as the ``images``, if it has no parameters."""
    found = first_parameter(module, Tensor.is_floating_point)
    reference = images if found is None else found
    return reference.device, reference.dtype


def memory_format(parts: Collection[nn.Module], device: torch.device) -> torch.memory_format:
    """In which order images lie in memory: channels last, where convolutions run a quarter faster on the CPU.

    Contiguous on a GPU, whose float32 convolutions take a third less time with it (an H200, NAS-Bench-201's
    supernet), for networks with parts of a user's own, which may cut and join what lies side by side
    (``x.view(len(x), -1)``), and for those with a 1 x 1 convolution, not grouped, of stride above 1 and 2 to
    7 input channels: on processors with AVX2 alone, the backward pass that oneDNN has for it in channels last
    writes beyond its memory (torch 2.13). ``parts`` are all of the network's.
    """
    if device.type == "cuda":
        return torch.contiguous_format
    layers = [part for part in parts if isinstance(part, nn.Conv2d)]
    contiguous = any(map(_is_risky, layers)) or keep_state(parts)
    return torch.contiguous_format if contiguous else torch.channels_last


def _is_risky(layer: nn.Conv2d) -> bool:
    if layer.kernel_size != (1, 1) or layer.groups != 1:
        return False
    return max(layer.stride) > 1 and 2 <= layer.in_channels <= 7
