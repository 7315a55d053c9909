"""Gradients that are there: a loss without one has no score, not the score 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from harness.proxies._outcome import Refused, Undefined

NO_GRADIENTS = (
    "no weight received a gradient, though the logits depend on the images: no layer takes part in them, or "
    "the layers run without gradients (torch.no_grad, detach, an autograd function of its own); hand over a "
    "network whose layers run with gradients"
)


def present(names: Iterable[str], gradients: Iterable[Tensor | None]) -> dict[str, Tensor]:
    """Those of the layers' ``gradients`` that are there, by name.

    Raises
    ------
    Refused
        Where none is.
    Undefined
        With status ``nan`` where an entry of one is not finite.
    """
    found = {name: each for name, each in zip(names, gradients, strict=True) if each is not None}
    if not found:
        raise Refused(NO_GRADIENTS)
    if not bool(torch.stack([each.isfinite().all() for each in found.values()]).all()):
        raise Undefined("nan", "a gradient of the loss is not a finite number")
    return found


def gradients_of(output: Tensor, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """Gradients of a scalar, None where it does not depend on an input; the graph stays for other readers."""
    if not output.requires_grad:
        return (None,) * len(inputs)
    return torch.autograd.grad(output, inputs, retain_graph=True, allow_unused=True)
