"""What says something of the machine, and what of the work."""

from __future__ import annotations

import errno

import numpy as np
import pytest
import torch

from harness.errors import ConfigError, MachineFailure, ResultsError, machine_failure

MACHINE = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB"),
    torch.AcceleratorError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.EIO, "Input/output error"),
    MachineFailure("a worker died"),
]
WORK = [
    ValueError("out of memory"),
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (4x8 and 3x8)"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"),
    FileNotFoundError(errno.ENOENT, "No such file or directory"),
    PermissionError(errno.EACCES, "Permission denied"),
    ConfigError("That cannot be."),
]


@pytest.mark.parametrize("error", MACHINE, ids=repr)
def test_of_the_machine(error):
    assert machine_failure(error)


@pytest.mark.parametrize("error", WORK, ids=repr)
def test_of_the_work(error):
    assert not machine_failure(error)


@pytest.mark.parametrize("ask", [lambda: torch.empty(2**58), lambda: np.empty(2**58)], ids=["torch", "numpy"])
def test_what_the_libraries_raise(ask):
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        ask()
    assert machine_failure(caught.value)


@pytest.mark.parametrize(("code", "of_the_machine"), [(errno.ENOSPC, True), (errno.ENOENT, False)])
def test_the_cause_decides(code, of_the_machine):
    spoiled = ResultsError("The record cannot be written.")
    spoiled.__cause__ = OSError(code, "why")
    assert machine_failure(spoiled) is of_the_machine
