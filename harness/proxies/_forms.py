"""The forms in which batches and proxies' names are handed over, and what of them is refused at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from harness.errors import ConfigError
from harness.inputs import Batch

Given = Batch | Sequence[Any]
"""A :class:`Batch`, ``(images, targets)`` as a ``DataLoader`` gives them, or a sequence of either."""


def as_names(names: str | Iterable[str]) -> list[str]:
    """Names of proxies; one may be given by itself."""
    return [names] if isinstance(names, str) else list(names)


def as_batches(given: Given) -> list[Batch]:
    """The batches in ``given``, their targets in int64.

    Raises
    ------
    ConfigError
        For anything else, for images that are no tensor (B, ...) with B >= 1, and for targets that are no B
        whole numbers.
    """
    if isinstance(given, Batch) or _is_pair(given):
        given = [given]
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigError(_sentence(f"received {type(given).__name__}"))
    return [_batch(each) for each in given]


def require_enough(batches: Sequence[Batch], proxies: Mapping[str, ModuleType]) -> None:
    """Raise :class:`ConfigError` where a proxy reads more batches than there are."""
    wanted = {name: proxy.ABOUT.batches for name, proxy in proxies.items()}
    most = max(wanted, key=wanted.__getitem__, default=None)
    if not batches:
        raise ConfigError(_sentence("received none"))
    if most is not None and len(batches) < wanted[most]:
        raise ConfigError(
            f"Proxy {most} reads {wanted[most]} batches; received {len(batches)}. Hand a list of batches."
        )


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], Tensor)


def _batch(given: Any) -> Batch:
    if isinstance(given, Batch):
        images, targets = given.images, given.targets
    elif _is_pair(given):
        images, targets = given
    else:
        raise ConfigError(_sentence(f"received {type(given).__name__}"))
    if not isinstance(images, Tensor) or not isinstance(targets, Tensor):
        raise ConfigError(_sentence(f"received {type(images).__name__} and {type(targets).__name__}"))
    if images.ndim < 2 or len(images) < 1 or targets.shape != images.shape[:1]:
        raise ConfigError(_sentence(f"received {tuple(images.shape)} and {tuple(targets.shape)}"))
    if targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool:
        raise ConfigError(
            f"Targets are the numbers of classes, whole numbers of shape (B,); received {targets.dtype}. "
            "Of probabilities and one-hot rows take targets.argmax(1)."
        )
    return Batch(images, targets.long())


def _sentence(received: str) -> str:
    return (
        "A batch is Batch(images, targets) or (images, targets), images of shape (B, 3, H, W) or whatever "
        f"else the network takes with B >= 1, targets whole numbers of shape (B,); {received}. Where proxies "
        "read several batches, hand a list of them; of a DataLoader, what next(iter(loader)) gives."
    )
