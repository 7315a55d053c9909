"""What a network keeps in Python attributes: counters, lists, views of parameters, generators of its own."""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from harness.networks import parts_of

MOST_OBJECTS = 10_000
"""Attributes and what they hold are followed so far: a list of a million images is not."""
_ATOMS = (
    type(None), bool, int, float, complex, str, bytes, type, torch.dtype, torch.device, torch.Size,
    FunctionType, BuiltinFunctionType, MethodType, ModuleType,
)  # fmt: skip
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_DICTIONARIES = (dict, OrderedDict)
_WITHOUT_STATE = {"torch", "harness", "builtins", "abc", "typing", "collections"}


@contextmanager
def kept_state(
    module: nn.Module,
    replaced: Mapping[int, Tensor] | None = None,
    parts: Collection[nn.Module] | None = None,
) -> Iterator[None]:
    """Inside, the network may change what it keeps in Python; afterwards that is as it was.

    Attributes of its parts and what they hold: numbers, lists, dictionaries, sets, objects, random
    generators, and tensors, of which copies stand there inside. Layers of torch and of this package keep
    nothing of that kind: a network of such parts alone, without hooks, is passed over.

    Parameters
    ----------
    module
        The network. Its parameters and buffers are left to the caller.
    replaced
        By ``id`` of a parameter or buffer what stands in its place inside lists and attributes.
    parts
        Those of its parts that may keep something; default: all.
    """
    if not keep_state(parts_of(module) if parts is None else parts):
        yield
        return
    state = _State(list(module.modules()), replaced or {})
    try:
        state.hold()
        yield
    finally:
        state.put_back()


def keep_state(parts: Collection[nn.Module]) -> bool:
    """Whether one of the parts may keep something in Python: a class, a hook or ``forward`` of its user's."""
    kinds = set(map(type, parts))
    if not all(kind.__module__.startswith(("torch.nn.", "harness.networks")) for kind in kinds):
        return True
    held = [vars(part) for part in parts]
    hooks = [hook for own in held for name in _HOOKS if own.get(name) for hook in own[name].values()]
    return any("forward" in own for own in held) or not all(map(_is_ours, hooks))


def _is_ours(hook: object) -> bool:
    return str(getattr(getattr(hook, "func", hook), "__module__", "")).startswith("harness.")


class _State:
    """Objects with what they held; tensors are replaced by copies as long as it is held."""

    def __init__(self, parts: list[nn.Module], replaced: Mapping[int, Tensor]) -> None:
        own = (each for part in parts for each in (*part._parameters.values(), *part._buffers.values()))
        self._tensors = {id(each): each for each in own if each is not None} | dict(replaced)
        self._modules = parts
        self._parts = {id(part) for part in parts}
        # The caller replaces these by name, tied ones together.
        self._by_name = {id(each) for part in parts for each in (part._parameters, part._buffers)}
        self._seen: dict[int, Any] = {}  # holds the objects, so that no number is given twice
        self._pending: list[Any] = []
        self._empty: list[dict[Any, Any]] = []  # of which each part has ten, for hooks
        self._restore: list[Callable[[], object]] = []

    def hold(self) -> None:
        """Note what the parts and their classes hold, and put copies in the place of tensors."""
        for kind in {kind: None for part in self._modules for kind in type(part).__mro__}:
            if kind.__module__.partition(".")[0] not in _WITHOUT_STATE:
                self._hold_class(kind)
        for part in self._modules:
            self._mapping(vars(part))
        while self._pending:
            thing = self._pending.pop()
            for kind, note in _NOTES.items():
                if isinstance(thing, kind):
                    note(self, thing)
            if isinstance(getattr(thing, "__dict__", None), dict):
                self._mapping(vars(thing))

    def put_back(self) -> None:
        """Everything as it was noted."""
        for restore in reversed(self._restore):
            restore()
        for thing in self._empty:
            thing.clear()

    def _content(self, thing: Any) -> Any:
        """What stands in the place of ``thing`` inside: itself, to be looked into, or a copy of a tensor."""
        if type(thing) in _DICTIONARIES and not thing:
            self._empty.append(thing)
            return thing
        if isinstance(thing, Tensor):
            return self._copy(thing)
        if type(thing) is tuple:
            content = tuple(self._content(each) for each in thing)
            return thing if all(map(_same, content, thing)) else content
        looked_into = len(self._seen) < MOST_OBJECTS and id(thing) not in self._seen
        if looked_into and not isinstance(thing, _ATOMS) and id(thing) not in self._parts:
            self._seen[id(thing)] = thing
            self._pending.append(thing)
        return thing

    def _copy(self, tensor: Tensor) -> Tensor:
        if id(tensor) not in self._tensors:
            self._seen[id(tensor)] = tensor
            self._tensors[id(tensor)] = (
                tensor.detach().clone().requires_grad_(tensor.is_leaf and tensor.requires_grad)
            )
        return self._tensors[id(tensor)]

    def _mapping(self, thing: dict[Any, Any]) -> None:
        found = dict(thing)

        def put_back() -> None:
            if list(thing) != list(found) or any(thing[name] is not found[name] for name in found):
                thing.clear()
                thing.update(found)

        self._restore.append(put_back)
        if id(thing) not in self._by_name:
            self._fill(thing, found.items())

    def _sequence(self, thing: list[Any] | deque[Any]) -> None:
        found = list(thing)

        def put_back() -> None:
            if len(thing) != len(found) or not all(map(_same, thing, found)):
                thing.clear()
                thing.extend(found)

        self._restore.append(put_back)
        self._fill(thing, enumerate(found))

    def _fill(self, thing: Any, found: Any) -> None:
        for place, value in found:
            content = self._content(value)
            if content is not value:
                thing[place] = content

    def _set(self, thing: set[Any]) -> None:
        found = set(thing)

        def put_back() -> None:
            thing.clear()
            thing.update(found)

        self._restore.append(put_back)

    def _array(self, thing: np.ndarray) -> None:
        if thing.flags.writeable and not thing.dtype.hasobject:
            numbers = thing.copy()
            self._restore.append(lambda: np.copyto(thing, numbers))

    def _generator(self, thing: Any) -> None:
        """``getstate`` and ``setstate`` by whichever name the generator has them."""
        if isinstance(thing, np.random.Generator):
            thing, state = thing.bit_generator, thing.bit_generator.state
            self._restore.append(lambda: setattr(thing, "state", state))
            return
        words = ("getstate", "setstate") if isinstance(thing, random.Random) else ("get_state", "set_state")
        read, write = (getattr(thing, word) for word in words)
        state = read()
        self._restore.append(lambda: write(state))

    def _hold_class(self, kind: type) -> None:
        """Data that is an attribute of a class, such as a counter of all its calls."""
        found = {name: value for name, value in vars(kind).items() if _is_data(name, value)}

        def put_back() -> None:
            for name in [name for name, value in vars(kind).items() if _is_data(name, value)]:
                if name not in found:
                    delattr(kind, name)
            for name, value in found.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)

        self._restore.append(put_back)
        for name, value in found.items():
            content = self._content(value)
            if content is not value:
                setattr(kind, name, content)


def _same(one: object, other: object) -> bool:
    return one is other


def _is_data(name: str, value: object) -> bool:
    """Whether a class attribute is neither a method, a descriptor nor Python's own."""
    return not (name.startswith(("__", "_abc_")) or callable(value) or hasattr(value, "__get__"))


_NOTES: dict[type, Callable[[_State, Any], None]] = {
    dict: _State._mapping,
    list: _State._sequence,
    deque: _State._sequence,
    set: _State._set,
    np.ndarray: _State._array,
    random.Random: _State._generator,
    np.random.Generator: _State._generator,
    np.random.RandomState: _State._generator,
    torch.Generator: _State._generator,
}
