"""Inputs: batches of images and targets for a seed. The folder is the registry, one module per input.

An input module has ``open(classes, image_size, folder=None) -> Source``.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.inputs._source import Batch, LabelledImages, Source

__all__ = ["Batch", "LabelledImages", "Source", "load", "names"]


def names() -> tuple[str, ...]:
    """Names of all inputs."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The module of the input ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "input")
