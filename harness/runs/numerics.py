"""What decides which kernels torch computes with, and how exactly."""

from __future__ import annotations

import os
from typing import Any

import torch

from harness.runs.device import facts

LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")
"""Environment variables that choose among a processor's kernels."""


def numerics(device: torch.device) -> dict[str, Any]:
    """:func:`~harness.runs.device.facts` of ``device``, and what chooses among the processor's kernels.

    ``cpu_capability`` is torch's choice, ``limits`` the environment variables that are set, ``mkldnn``
    whether oneDNN is used.
    """
    return {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "limits": {name: os.environ[name] for name in LIMITS if name in os.environ},
        "mkldnn": torch.backends.mkldnn.enabled,
        **facts(str(device)),
    }
