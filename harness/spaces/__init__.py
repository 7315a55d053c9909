"""Search spaces: what can be chosen. ``load(name)`` returns the space; the folder is the registry."""

from __future__ import annotations

from harness import registry
from harness.spaces._diagram import Diagram, Link, Node
from harness.spaces._population import Population
from harness.spaces._space import Architecture, Decision, Images, Mask, Space, only, without

__all__ = [
    "Architecture",
    "Decision",
    "Diagram",
    "Images",
    "Link",
    "Mask",
    "Node",
    "Population",
    "Space",
    "load",
    "names",
    "only",
    "without",
]


def names() -> tuple[str, ...]:
    """Names of all spaces."""
    return registry.names(__name__)


def load(name: str) -> Space:
    """The space called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "space").SPACE
