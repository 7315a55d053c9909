"""What a proxy has to leave as it was: the network, the global random generators, torch's settings."""

from __future__ import annotations

import warnings
from typing import Any, cast

import torch
from torch import Tensor, nn

from harness.proxies._generators import Generators
from harness.proxies._settings import GlobalHooks, Settings

NETWORK = "the network"
GENERATORS = "the state of the global random generators"


class Snapshot:
    """A copy of all of it, taken when it is made."""

    def __init__(self, module: nn.Module) -> None:
        self._parts = [_Part(part) for part in module.modules()]
        tensors = {id(each): each for part in module.modules() for each in _tensors(part)}
        self._tensors = [_Numbers(each) for each in tensors.values()]
        self._generators = Generators()
        self._hooks = GlobalHooks()
        self._settings = Settings()
        self._warnings = list(warnings.filters)

    def put_back(self) -> list[str]:
        """Put back whatever is not as it was, and say what that is; nothing where all is.

        Filters of warnings are put back without a word: a first import inside may have added to them.
        """
        if warnings.filters != self._warnings:
            cast(list[Any], warnings.filters)[:] = self._warnings
        parts = [part.put_back() for part in self._parts]
        numbers = [tensor.put_back() for tensor in self._tensors]
        return [
            *([NETWORK] if any(parts) or any(numbers) else []),
            *([GENERATORS] if self._generators.put_back() else []),
            *self._hooks.put_back(),
            *self._settings.put_back(),
        ]


class _Part:
    """The attributes of one module: modes, hooks, submodules, which tensors it has."""

    def __init__(self, part: nn.Module) -> None:
        self._attributes = vars(part)
        self._values = dict(self._attributes)
        self._inner = {name: dict(each) for name, each in self._values.items() if isinstance(each, dict)}

    def put_back(self) -> bool:
        changed = _put_back(self._attributes, self._values)
        return any([changed, *(_put_back(self._values[name], each) for name, each in self._inner.items())])


class _Numbers:
    """A parameter, a buffer or a gradient: its storage, numbers, and own gradient."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor, self._data, self._grad = tensor, tensor.data, tensor.grad
        self._requires_grad = tensor.requires_grad
        self._numbers = tensor.detach().clone()

    def put_back(self) -> bool:
        tensor = self._tensor
        moved = _place(tensor) != _place(self._data)
        if moved:
            tensor.data = self._data
        refilled = _refill(self._data, self._numbers)
        if other_gradient := tensor.grad is not self._grad:
            tensor.grad = self._grad
        if switched := tensor.requires_grad != self._requires_grad:
            tensor.requires_grad_(self._requires_grad)
        return moved or refilled or other_gradient or switched


def _tensors(part: nn.Module) -> list[Tensor]:
    held = [each for each in (*part._parameters.values(), *part._buffers.values()) if each is not None]
    return [*(each.grad for each in held if each.grad is not None), *held]


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor.dtype, tensor.device, tensor.shape, tensor.stride()


def _refill(tensor: Tensor, numbers: Tensor) -> bool:
    """Whether ``tensor`` held other numbers, bit for bit; it holds ``numbers`` now."""
    if torch.equal(_bytes(tensor), _bytes(numbers)):
        return False
    with torch.no_grad():
        tensor.copy_(numbers)
    return True


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.detach().contiguous().flatten().view(torch.uint8)


def _put_back(mapping: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether ``mapping`` held something else; it holds the very objects it was ``found`` with now."""
    if list(mapping) == list(found) and all(mapping[name] is found[name] for name in found):
        return False
    mapping.clear()
    mapping.update(found)
    return True
