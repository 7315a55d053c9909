"""The condition number of a kernel, where it has one."""

from __future__ import annotations

import numpy as np
import torch

from harness.proxies._eigenvalues import eigenvalues
from harness.proxies._outcome import Undefined


def negative_condition(kernel: np.ndarray, dtype: torch.dtype) -> float:
    """-(largest / smallest eigenvalue) of a tangent kernel (samples, samples) of gradients in ``dtype``.

    Raises
    ------
    Undefined
        Status ``nan`` where the kernel is 0; ``inf`` where it is singular to the precision of its gradients,
        smallest <= B eps largest for B samples and the format's machine epsilon eps.
    """
    ordered = eigenvalues(kernel)
    smallest, largest = float(ordered[0]), float(ordered[-1])
    if largest <= 0:
        raise Undefined("nan", "all gradients are 0: the condition number is 0/0")
    if smallest <= len(kernel) * torch.finfo(dtype).eps * largest:
        raise Undefined("inf", f"the tangent kernel of {len(kernel)} samples is singular")
    return -largest / smallest
