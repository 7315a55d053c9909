"""torch's global settings that can change numbers or speed: what they were, and back to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import torch
from torch.nn.modules import module as modules

SETTINGS = "torch's global settings"
HOOKS = "the hooks on all modules"
_AUTOCAST = ("cpu", "cuda")


@dataclass(frozen=True)
class _Setting:
    """A setting's name, how it is read, and how it is written."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]


def _attribute(path: str) -> _Setting:
    """Attribute ``path`` of ``torch.backends``."""
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, torch.backends)
    return _Setting(path, partial(getattr, owner, name), partial(setattr, owner, name))


def _matmul_precision() -> str | None:
    """None where it was set by the newer names as well; torch does not say then, but the newer ones do."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _set_matmul_precision(precision: str | None) -> None:
    if precision is not None:
        torch.set_float32_matmul_precision(precision)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _autocast() -> tuple[Any, ...]:
    each = [(kind, torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in _AUTOCAST]
    return tuple(each), torch.is_autocast_cache_enabled()


def _set_autocast(state: tuple[Any, ...]) -> None:
    each, cached = state
    for kind, enabled, dtype in each:
        torch.set_autocast_enabled(kind, enabled)
        torch.set_autocast_dtype(kind, dtype)
    torch.set_autocast_cache_enabled(cached)


def _attention() -> tuple[bool, ...]:
    cuda = torch.backends.cuda
    return (
        cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.math_sdp_enabled(),
        cuda.cudnn_sdp_enabled(), torch.backends.mha.get_fastpath_enabled(),
    )  # fmt: skip


def _set_attention(state: tuple[bool, ...]) -> None:
    cuda = torch.backends.cuda
    writers = (
        cuda.enable_flash_sdp, cuda.enable_mem_efficient_sdp, cuda.enable_math_sdp, cuda.enable_cudnn_sdp,
        torch.backends.mha.set_fastpath_enabled,
    )  # fmt: skip
    for write, enabled in zip(writers, state, strict=True):
        write(enabled)


def _default_device() -> torch.device | None:
    """None where none is set: setting the processor's costs time in every operation."""
    device = torch.get_default_device()
    return None if device == torch.device("cpu") else device


_SETTINGS = (
    _Setting("gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    _Setting("default number format", torch.get_default_dtype, torch.set_default_dtype),
    _Setting("default device", _default_device, torch.set_default_device),
    _Setting("threads", torch.get_num_threads, torch.set_num_threads),
    _Setting("autocast", _autocast, _set_autocast),
    _Setting(
        "deterministic algorithms", _deterministic,
        lambda state: torch.use_deterministic_algorithms(state[0], warn_only=state[1]),
    ),
    _Setting("attention kernels", _attention, _set_attention),
    _Setting("float32 matmul precision", _matmul_precision, _set_matmul_precision),
    _Setting("anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    *map(_attribute, (
        "mkldnn.enabled", "mkldnn.deterministic", "cudnn.enabled", "cudnn.benchmark", "cudnn.deterministic",
        "fp32_precision", "cuda.matmul.fp32_precision", "cudnn.fp32_precision", "cudnn.conv.fp32_precision",
        "cudnn.rnn.fp32_precision", "mkldnn.fp32_precision", "mkldnn.matmul.fp32_precision",
        "mkldnn.conv.fp32_precision", "mkldnn.rnn.fp32_precision",
    )),
)  # fmt: skip


class Settings:
    """All of them as they are when it is made."""

    def __init__(self) -> None:
        self._found = [setting.read() for setting in _SETTINGS]

    def put_back(self) -> list[str]:
        """Put back those that are not as they were, and name them in one phrase; nothing where all are."""
        changed = self._changed()
        for _ in range(2):  # the matmul precision writes others of them
            for setting, old in self._changed():
                setting.write(old)
        names = ", ".join(setting.name for setting, _ in changed)
        return [f"{SETTINGS} ({names})"] if changed else []

    def _changed(self) -> list[tuple[_Setting, Any]]:
        return [(each, old) for each, old in zip(_SETTINGS, self._found, strict=True) if each.read() != old]


class GlobalHooks:
    """The hooks that torch calls for every module there is, as they are when it is made."""

    def __init__(self) -> None:
        own = {name: value for name, value in vars(modules).items() if name.startswith("_global_")}
        self._dictionaries = [(value, dict(value)) for value in own.values() if isinstance(value, dict)]
        self._flags = {name: value for name, value in own.items() if not isinstance(value, dict)}

    def put_back(self) -> list[str]:
        """As :meth:`Settings.put_back`."""
        changed = [(hooks, old) for hooks, old in self._dictionaries if dict(hooks) != old]
        for hooks, old in changed:
            hooks.clear()
            hooks.update(old)
        flags = {name: old for name, old in self._flags.items() if getattr(modules, name) != old}
        for name, old in flags.items():
            setattr(modules, name, old)
        return [HOOKS] if changed or flags else []
