"""How much the samples' input gradients resemble each other."""

from __future__ import annotations

import math

import numpy as np
import torch

from harness.proxies._outcome import Undefined, finite
from harness.proxies._passes import Passes

_SMALL = 1e-3
"""Of :func:`_steepness`; below it is looked whether there is more than rounding."""


def input_correlation(passes: Passes) -> np.ndarray:
    """Correlation matrix (samples, samples) of J, row i being d(sum of all logits)/d(image i) as a vector.

    Batch norm in training mode; in double precision from gradients of the network's number format.

    Raises
    ------
    Undefined
        Where a row is constant, as its correlation is 0/0, or all are 0 but for rounding (status nan), and as
        ``input_gradients``.
    """
    return passes.read("input_correlation", lambda: _correlate(passes))


def _steepness(passes: Passes) -> float:
    """How much a logit changes with a pixel where it changes in proportion."""
    images, _, logits = passes._graph()
    return float(logits.detach().abs().max() / images.detach().abs().max())


def _rounding(passes: Passes) -> float:
    """What rounding leaves of input gradients that are 0, by those of the logits in unlike shares."""
    images, _, logits = passes._graph()
    shares = torch.rand(logits.shape, generator=torch.Generator().manual_seed(0)).to(logits)
    (gradient,) = torch.autograd.grad((shares * logits).sum(), [images], retain_graph=True)
    return math.sqrt(torch.finfo(logits.dtype).eps) * float(gradient.abs().max())


def _correlate(passes: Passes) -> np.ndarray:
    rows = passes.input_gradients().double().cpu().numpy()
    largest = finite(float(np.abs(rows).max()), "the largest input gradient")
    if largest < _SMALL * _steepness(passes) and largest <= _rounding(passes):
        raise Undefined(
            "nan",
            "the input gradients are 0 but for rounding: a normalisation fixes the sum of all logits, which "
            "then does not depend on the images",
        )
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        sample = int(np.argmin(lengths))
        raise Undefined("nan", f"the input gradient of sample {sample} is constant: its correlation is 0/0")
    unit = rows / lengths
    return unit @ unit.T
