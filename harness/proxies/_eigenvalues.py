"""Eigenvalues and determinants of kernels, by one thread.

Matrices of a batch's size take milliseconds. Threads that wait for one another in turns, as those of
OpenBLAS do, cost 20 times as much where the processor has other work: of 256 samples 70 ms of CPU time in
place of 4.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np


def eigenvalues(kernel: np.ndarray) -> np.ndarray:
    """Of a symmetric matrix, smallest first."""
    with _one_thread():
        return np.linalg.eigvalsh(kernel)


def rank(kernel: np.ndarray) -> int:
    """Of a symmetric matrix, to its precision."""
    with _one_thread():
        return int(np.linalg.matrix_rank(kernel, hermitian=True))


def log_abs_determinant(kernel: np.ndarray) -> float:
    """Log |det K|; minus infinity where it is 0."""
    with _one_thread():
        return float(np.linalg.slogdet(kernel)[1])


def _one_thread() -> Any:
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
