"""What fails of the machine is no property of a network: it is raised, whoever met it."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.errors import HarnessError, MachineFailure, RunFailed, machine_failure
from harness.inputs import Batch
from tests.unit.proxies.test_foreign import install, raises, snapshot_of_all  # noqa: F401
from tests.unit.proxies.test_measure import EVERY, WITHOUT_PASSES, measure


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


FAILURES = [
    MemoryError(),
    MemoryError("Unable to allocate 7.45 GiB for an array"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("alloc_cpu.cpp:126: DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("std::bad_alloc"),
    torch.AcceleratorError("the device is gone"),
    *(OSError(getattr(errno, name), "disk") for name in ("ENOSPC", "EIO", "EROFS", "EDQUOT", "ENOMEM")),
    caused(ValueError("no score"), MemoryError()),
]  # fmt: skip
OTHERS = [
    ValueError("out of memory"), RuntimeError("mat1 and mat2 cannot be multiplied"), KeyError("memory"),
    FileNotFoundError(errno.ENOENT, "no such file"), RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"),
    ZeroDivisionError(), OSError("without a number"), NotImplementedError("CPU"),
]  # fmt: skip


class Meets(nn.Module):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, features: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize("error", FAILURES, ids=repr)
@pytest.mark.parametrize("name", ["nwot_eval", "snip", "flops"])
def test_a_failure_of_the_machine_is_raised(
    name: str, error: Exception, build_network: Callable, batch: Batch
) -> None:
    network = nn.Sequential(*build_network("plain"), Meets(error))
    with pytest.raises(MachineFailure, match=f"Proxy {name} met a failure of the machine") as caught:
        proxies.measure_each([build_network("plain"), network], batch, [name], 0)
    assert isinstance(caught.value, RunFailed)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("name", [name for name in EVERY if name not in WITHOUT_PASSES])
def test_by_every_proxy(name: str, build_network: Callable, batch: Batch) -> None:
    network = nn.Sequential(*build_network("plain"), Meets(MemoryError()))
    with pytest.raises(MachineFailure):
        measure(network, batch, [name], 0)


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_other_failures_are_the_networks(error: Exception, build_network: Callable, batch: Batch) -> None:
    assert not machine_failure(error)
    network = nn.Sequential(*build_network("plain"), Meets(error))
    assert measure(network, batch, ["snip"], 0)["snip"].status == "failed"


def test_foreign_ones_too_and_what_they_changed_is_put_back(
    build_network: Callable,
    batch: Batch,
    install: Callable,  # noqa: F811
) -> None:
    def score(passes: proxies.Passes) -> float:
        next(passes.module.parameters()).data.zero_()
        torch.set_default_dtype(torch.float64)
        raise OSError(errno.ENOSPC, "No space left on device")

    network = build_network("plain")
    before = snapshot_of_all(network, batch)
    for act in (score, raises(MemoryError())):
        install(act)
        with pytest.raises(
            MachineFailure, match="Proxy foreign met a failure of the machine, which says nothing"
        ):
            proxies.measure(network, batch, ["params", "foreign"], 0)
        assert snapshot_of_all(network, batch) == before


def test_the_helper_knows_its_own(build_network: Callable) -> None:
    assert machine_failure(MachineFailure("Proxy snip met ..."))
    assert not machine_failure(HarnessError("..."))
