"""What torch says of the device it computes on, and of how exactly."""

from __future__ import annotations

import os
from typing import Any

import torch

LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")
"""Environment variables that choose among a processor's kernels."""


def numerics(device: torch.device) -> dict[str, Any]:
    """All that decides which kernels run on ``device``, and in which precision, in JSON's types."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    return {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "limits": {name: os.environ[name] for name in LIMITS if name in os.environ},
        "mkldnn": torch.backends.mkldnn.enabled,
        "float32_matmul": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gpu": None
        if device.type != "cuda"
        else {
            "model": torch.cuda.get_device_name(device),
            "cuda": torch.version.cuda,
            "cudnn": cudnn.version(),
            "tf32_matmul": matmul.allow_tf32,
            "tf32_cudnn": cudnn.allow_tf32,
            "cudnn_benchmark": cudnn.benchmark,
            "cudnn_deterministic": cudnn.deterministic,
        },
    }
