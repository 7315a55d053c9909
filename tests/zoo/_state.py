"""Everything a measurement must leave as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks

PLAIN = (int, float, str, bool, bytes, type(None))


def state_of_network(network: nn.Module) -> dict[str, Any]:
    """Attributes of every module, tensors as their identity and bytes."""
    return {path: _seen(vars(part)) for path, part in network.named_modules()} | {
        "gradients": [(id(p.grad), p.requires_grad, p.is_leaf) for p in network.parameters()],
        "classes": [type(part) for part in network.modules()],
    }


def _seen(value: Any, depth: int = 0) -> Any:
    if isinstance(value, nn.parameter.UninitializedTensorMixin) or depth > 6:
        return id(value)
    if isinstance(value, Tensor):
        return (
            id(value),
            value.dtype,
            value.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes(),
        )
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, dict):
        return {str(key): _seen(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_seen(each, depth + 1) for each in value]
    if isinstance(value, SimpleNamespace):
        return _seen(vars(value), depth + 1)
    return id(value)


def state_of_process() -> dict[str, Any]:
    """Random generators, torch's settings and its hooks on all modules."""
    kind, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "random": random.getstate(),
        "numpy": (kind, keys.tobytes(), *rest),
        "settings": dict(_settings()),
        "hooks": [len(getattr(hooks, name)) for name in sorted(vars(hooks)) if name.startswith("_global_")
                  and isinstance(getattr(hooks, name), dict)],
    }  # fmt: skip


def _settings() -> Iterator[tuple[str, Any]]:
    yield "gradients", torch.is_grad_enabled()
    yield "inference", torch.is_inference_mode_enabled()
    yield "number format", torch.get_default_dtype()
    yield "device", torch.get_default_device()
    yield "deterministic", torch.are_deterministic_algorithms_enabled()
    yield "threads", torch.get_num_threads()
    yield "mkldnn", torch.backends.mkldnn.enabled
    yield "precision", torch.get_float32_matmul_precision()
    yield "autocast", torch.is_autocast_enabled("cpu")
    yield "anomalies", torch.is_anomaly_enabled()
    yield "attention", (torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled())
    yield "fast path", torch.backends.mha.get_fastpath_enabled()
