"""All of torch's settings that a run may change."""

from __future__ import annotations

import os

import torch

from harness.runs.device import WORKSPACE


def settings() -> dict[str, object]:
    """Their values now."""
    backends = torch.backends
    precisions = (
        backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn,
        backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn,
    )  # fmt: skip
    return {
        "precision": tuple(backend.fp32_precision for backend in precisions),
        "benchmark": backends.cudnn.benchmark,
        "cudnn": backends.cudnn.deterministic,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn": torch.is_deterministic_algorithms_warn_only_enabled(),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "workspace": os.environ.get(WORKSPACE),
    }
