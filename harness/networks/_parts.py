"""The parts of a module and its tensors, all at once, where torch nests a generator for every part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from torch import Tensor, nn

Held = TypeVar("Held", bound=Tensor)


def parts_of(*modules: nn.Module) -> list[nn.Module]:
    """What ``module.modules()`` yields, in its order: the module itself first, a shared part once.

    Of several modules one after the other, a part that they share once.

    Examples
    --------
    >>> parts_of(nn.Sequential(nn.Sequential(nn.ReLU()), nn.Flatten()))[1:]
    [Sequential(
      (0): ReLU()
    ), ReLU(), Flatten(start_dim=1, end_dim=-1)]
    """
    found: dict[nn.Module, None] = {}
    waiting: list[Iterator[nn.Module | None]] = [iter(modules)]
    while waiting:
        for part in waiting[-1]:
            if part is not None and part not in found:
                found[part] = None
                if part._modules:
                    waiting.append(iter(part._modules.values()))
                    break
        else:
            waiting.pop()
    return list(found)


def first_parameter(module: nn.Module, wanted: Callable[[Tensor], bool]) -> Tensor | None:
    """The first one that is ``wanted`` of what ``module.parameters()`` yields."""
    own = (tensor for part in module.modules() for tensor in part._parameters.values())
    return next((tensor for tensor in own if tensor is not None and wanted(tensor)), None)


def named_parts_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """What ``module.named_modules()`` yields, in its order.

    Examples
    --------
    >>> [name for name, _ in named_parts_of(nn.Sequential(nn.Sequential(nn.ReLU()), nn.Flatten()))]
    ['', '0', '0.0', '1']
    """
    found: dict[nn.Module, str] = {}
    waiting = [("", module)]
    while waiting:
        name, part = waiting.pop()
        if part not in found:
            found[part] = name
            if part._modules:
                before = f"{name}." if name else ""
                waiting += [
                    (before + own, child)
                    for own, child in reversed(part._modules.items())
                    if child is not None
                ]
    return [(name, part) for part, name in found.items()]


def named_parameters_of(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """What ``module.named_parameters()`` yields, in its order: a shared one once, by its first name."""
    return _named((path, part._parameters) for path, part in named_parts_of(module))


def named_buffers_of(module: nn.Module) -> list[tuple[str, Tensor]]:
    """What ``module.named_buffers()`` yields, in its order: a shared one once, by its first name."""
    return _named((path, part._buffers) for path, part in named_parts_of(module))


def _named(parts: Iterable[tuple[str, Mapping[str, Held | None]]]) -> list[tuple[str, Held]]:
    """What parts hold, by the names of the part and of its own."""
    found: dict[int, tuple[str, Held]] = {}
    for path, held in parts:
        if held:
            before = f"{path}." if path else ""
            for name, own in held.items():
                if own is not None and id(own) not in found:
                    found[id(own)] = before + name, own
    return list(found.values())


def parameters_in(parts: Iterable[nn.Module]) -> list[Tensor]:
    """The parameters of these parts, a shared one once."""
    own = [tensor for part in parts if part._parameters for tensor in part._parameters.values()]
    return list({id(tensor): tensor for tensor in own if tensor is not None}.values())
