"""Training and evaluation mode of all parts of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from harness.networks._parts import parts_of


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Put every part in one mode, then back into its own; ``train()`` is not called, it may be overridden."""
    found = [(part, part.training) for part in parts_of(module)]
    try:
        # Past nn.Module's own way of setting attributes, which is slow.
        for part, _ in found:
            vars(part)["training"] = training
        yield
    finally:
        for part, mode in found:
            vars(part)["training"] = mode
