"""How much the samples' input gradients resemble each other."""

from __future__ import annotations

import numpy as np

from harness.proxies._outcome import Undefined, finite
from harness.proxies._passes import Passes


def input_correlation(passes: Passes) -> np.ndarray:
    """Correlation matrix (samples, samples) of J, row i being d(sum of all logits)/d(image i) as a vector.

    Batch norm in training mode; in double precision from gradients of the network's number format.

    Raises
    ------
    Undefined
        Where a row is constant, as its correlation is 0/0 (status nan), and as ``input_gradients``.
    """
    return passes.read("input_correlation", lambda: _correlate(passes))


def _correlate(passes: Passes) -> np.ndarray:
    rows = passes.input_gradients().double().cpu().numpy()
    finite(float(np.abs(rows).max()), "the largest input gradient")
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        sample = int(np.argmin(lengths))
        raise Undefined("nan", f"the input gradient of sample {sample} is constant: its correlation is 0/0")
    unit = rows / lengths
    return unit @ unit.T
