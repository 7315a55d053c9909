"""Eigenvalues and determinants of kernels, by one thread.

Matrices of a batch's size take milliseconds. Threads that wait for one another in turns, as those of
OpenBLAS do, cost 20 times as much where the processor has other work: of 256 samples 70 ms of CPU time in
place of 4.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

CLEARLY = 8
"""Rounding within a Cholesky factor comes to less than so many times what counts as 0."""


def eigenvalues(kernel: np.ndarray) -> np.ndarray:
    """Of a symmetric matrix, smallest first."""
    with _one_thread():
        return np.linalg.eigvalsh(kernel)


def rank(kernel: np.ndarray) -> int:
    """Of a symmetric positive semi-definite matrix, to its precision.

    It is whole where no eigenvalue is near 0, which a Cholesky factor tells in a third of the time that the
    eigenvalues take.
    """
    with _one_thread():
        return len(kernel) if _clearly_whole(kernel) else int(np.linalg.matrix_rank(kernel, hermitian=True))


def _clearly_whole(kernel: np.ndarray) -> bool:
    """Whether the matrix less :data:`CLEARLY` times what counts as 0 is positive definite."""
    largest = np.abs(kernel).sum(1).max(initial=0)  # no eigenvalue is larger
    nothing = largest * len(kernel) * np.finfo(kernel.dtype).eps
    try:
        np.linalg.cholesky(kernel - CLEARLY * nothing * np.eye(len(kernel)))
    except np.linalg.LinAlgError:
        return False
    return True


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
