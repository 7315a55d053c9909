"""Inputs: batches of images and targets for a seed. The folder is the registry, one module per input.

An input module has ``open(classes, image_size, folder=None) -> Source``; one that can cut images to size
takes ``crop=False`` too.
"""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from types import ModuleType

from harness import registry
from harness.errors import ConfigError
from harness.inputs._source import Batch, LabelledImages, Source

__all__ = ["Batch", "LabelledImages", "Source", "load", "names", "opened"]


def names() -> tuple[str, ...]:
    """Names of all inputs."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The module of the input ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "input")


def opened(name: str, classes: int, image_size: int, folder: str | None = None, crop: bool = False) -> Source:
    """The input ``name``, as its module's ``open`` makes it.

    Raises
    ------
    UnknownNameError
        For a name that no input carries.
    ConfigError, DataError
        As the module's ``open``; also for ``crop`` where the input does not cut.
    """
    module = load(name)
    arguments = {"crop": True} if crop else {}
    if crop and "crop" not in signature(module.open).parameters:
        raise ConfigError(f"Input {name!r} cuts no images to size; received crop=true: leave it out.")
    return module.open(classes, image_size, Path(folder) if folder else None, **arguments)
