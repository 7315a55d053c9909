"""Training and evaluation mode of all parts of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Put every part in one mode, then back into its own; ``train()`` is not called, it may be overridden."""
    found = [(part, part.training) for part in module.modules()]
    try:
        for part, _ in found:
            part.training = training
        yield
    finally:
        for part, mode in found:
            part.training = mode
