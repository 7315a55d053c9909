"""The device of a run, the arithmetic it computes with, and what a record says of both.

Importing this module does not import torch.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigError
from harness.runs.config import RunConfig

if TYPE_CHECKING:
    import torch

ARITHMETIC = ("reproducible", "fastest")
"""``reproducible``: float32 products are float32's, and a kernel gives the same bits each time, or refuses.
``fastest``: TF32 products, whose inputs have 10 bits behind the point in place of 23, and whichever kernels
cuDNN finds fastest, also those that add in any order."""

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
WORKSPACES = (":4096:8", ":16:8")
"""Values of the environment variable :data:`WORKSPACE` with which cuBLAS gives the same bits each time."""


def chosen(name: str) -> torch.device:
    """The device that the setting ``device`` names: ``auto``, ``cpu``, ``cuda`` or a card as ``cuda:1``.

    Raises
    ------
    ConfigError
        For a card that torch does not see.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device={name} needs a GPU that torch can see and none was found; use device=cpu.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        seen = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
        raise ConfigError(f"device={name} is not there; torch sees {', '.join(seen)}: use one of these.")
    return device


def cards(devices: Collection[str]) -> int:
    """How many GPUs runs with these settings ``device`` go to: those they name, or all that torch sees."""
    if all(name.startswith("cuda:") for name in devices):
        return len(set(devices))
    if set(devices) == {"cpu"}:
        return 0
    import torch

    return torch.cuda.device_count()


def on_own_card(config: RunConfig, number: int) -> RunConfig:
    """``config`` for process ``number`` of several on one machine: they take its GPUs in turn.

    As it is where it names its device, and where there are not two.
    """
    count = cards([config.device]) if config.device in ("auto", "cuda") else 0
    return config if count < 2 else replace(config, device=f"cuda:{number % count}")


@contextmanager
def arithmetic(device: str, name: str = "reproducible") -> Iterator[None]:
    """Inside, torch computes with this arithmetic on ``device``; its settings are put back in the end.

    Enter it before CUDA computes anything: cuBLAS reads its environment variable once. The CPU's float32
    products are float32's with either, and its kernels give the same bits each time as they are.

    Raises
    ------
    ConfigError
        For ``fastest`` on the CPU, and where the environment asks cuBLAS for what is not reproducible.
    """
    import torch

    gpu = torch.device(device).type == "cuda"
    fastest = name == "fastest"
    if fastest and not gpu:
        raise ConfigError(
            "arithmetic=fastest is for a GPU, and this run is on the CPU; leave arithmetic=reproducible."
        )
    wanted: list[tuple[Any, str, Any]] = [
        (backend, "fp32_precision", "ieee") for backend in _backends("cpu").values()
    ]
    if gpu:
        cuda, cudnn = _backends("cuda").values(), torch.backends.cudnn
        wanted += [(backend, "fp32_precision", "tf32" if fastest else "ieee") for backend in cuda]
        wanted += [(cudnn, "benchmark", fastest), (cudnn, "deterministic", not fastest)]
        # Uninitialised memory would be filled, for those who read it; the time is better saved.
        wanted += [(torch.utils.deterministic, "fill_uninitialized_memory", False)]
    with ExitStack() as stack:
        for owner, attribute, value in wanted:
            before = getattr(owner, attribute)
            if before != value:
                stack.callback(setattr, owner, attribute, before)
                setattr(owner, attribute, value)
        if gpu:
            stack.enter_context(_deterministic(not fastest))
        yield


def facts(device: str) -> dict[str, Any]:
    """What a record says of ``device`` and of the arithmetic that is set now.

    Returns
    -------
    dict
        ``device_model``, ``cuda``, ``cudnn`` (versions) and ``deterministic`` (whether a kernel that may
        give other bits each time is refused) of a GPU, ``None`` each on the CPU; ``precision`` of float32's
        matrix products, convolutions and recurrent layers: ``ieee``, ``tf32``, ``bf16``, or ``none`` where
        nothing is set.
    """
    import torch

    place = torch.device(device)
    precision = {name: backend.fp32_precision for name, backend in _backends(place.type).items()}
    if place.type != "cuda":
        nothing = dict.fromkeys(("device_model", "cuda", "cudnn", "deterministic"))
        return {**nothing, "precision": precision}
    return {
        "device_model": torch.cuda.get_device_name(place),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "precision": precision,
        "deterministic": torch.are_deterministic_algorithms_enabled()
        and not torch.is_deterministic_algorithms_warn_only_enabled(),
    }


def _backends(kind: str) -> dict[str, Any]:
    """What holds the precision of float32 products on a ``cuda`` or ``cpu`` device."""
    import torch

    backends: Any = torch.backends
    if kind == "cuda":
        return {"matmul": backends.cuda.matmul, "conv": backends.cudnn.conv, "rnn": backends.cudnn.rnn}
    return {"matmul": backends.mkldnn.matmul, "conv": backends.mkldnn.conv, "rnn": backends.mkldnn.rnn}


@contextmanager
def _deterministic(wanted: bool) -> Iterator[None]:
    """Kernels that may give other bits each time are refused, where ``wanted``, or else allowed."""
    import torch

    given = os.environ.get(WORKSPACE)
    if wanted and given not in (None, *WORKSPACES):
        raise ConfigError(
            f"With the environment variable {WORKSPACE}={given} products on a GPU may differ from time to "
            f"time; allowed: {', '.join(WORKSPACES)}. Unset it, or take arithmetic=fastest."
        )
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    if wanted:
        os.environ[WORKSPACE] = given or WORKSPACES[0]
    torch.use_deterministic_algorithms(wanted)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        if given is None:
            os.environ.pop(WORKSPACE, None)
