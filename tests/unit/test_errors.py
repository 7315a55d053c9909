"""What says something of the machine, and what of the work."""

from __future__ import annotations

import errno
import pickle

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
    found = machine_failure(error)
    assert isinstance(found, MachineFailure)
    assert str(error) in str(found)
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


@pytest.mark.parametrize("error", WORK, ids=repr)
def test_of_the_work(error):
    assert machine_failure(error) is None


@pytest.mark.parametrize("ask", [lambda: torch.empty(2**58), lambda: np.empty(2**58)], ids=["torch", "numpy"])
def test_what_the_libraries_raise(ask):
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        ask()
    assert "allocate" in str(machine_failure(caught.value))


def test_the_sentence_is_the_outermost_and_the_cause_decides():
    spoiled = ResultsError("The record cannot be written.")
    spoiled.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert str(machine_failure(spoiled)) == "The record cannot be written."
    spoiled.__cause__.__cause__ = spoiled
    assert machine_failure(spoiled) is not None
    spoiled.__cause__ = OSError(errno.EROFS, "Read-only file system")
    assert machine_failure(spoiled) is None
