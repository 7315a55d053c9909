"""The family of networks of a space, and its sizes, looked up."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from harness import registry
from harness.errors import unknown_name
from harness.spaces import Space


@cache
def _family_called(family: str) -> ModuleType:
    return registry.load("harness.networks", family, "network family")


def family_of(space: Space) -> ModuleType:
    """The module of the networks of ``space``."""
    return _family_called(space.family)


def size_called(space: Space, fidelity: object) -> object:
    """The size called ``fidelity``, or ``fidelity`` itself where it is one; raises for an unknown name."""
    if not isinstance(fidelity, str):
        return fidelity
    sizes = family_of(space).FIDELITIES
    if fidelity not in sizes:
        raise unknown_name(f"fidelity of {space.family}", fidelity, sizes)
    return sizes[fidelity]
