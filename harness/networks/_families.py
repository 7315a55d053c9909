"""The family of networks of a space, looked up."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from harness import registry
from harness.spaces import Space


@cache
def _family_called(family: str) -> ModuleType:
    return registry.load("harness.networks", family, "network family")


def family_of(space: Space) -> ModuleType:
    """The module of the networks of ``space``."""
    return _family_called(space.family)
