"""What surrounds every pass, whatever the caller has set: full precision, one device, eager code."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils import checkpoint

from harness.proxies._generators import Generators

_AUTOCAST = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Inside, autocast and inference mode are off, compiled parts run as written, ``device`` is the default.

    The default device is set only where the caller has set another one, as it costs time in every operation.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        for kind in _AUTOCAST:
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        default = torch.get_default_device()
        if default.type != "cpu" and default != device:
            stack.enter_context(device)
        if "torch._dynamo" in sys.modules:  # else nothing is compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


@contextmanager
def own_random_state(seed: int) -> Iterator[None]:
    """Dropout and drop path draw from ``seed``, by torch, NumPy or Python; the global generators go on after.

    Gradients are on.
    """
    generators = Generators()
    try:
        with torch.enable_grad():
            # torch.manual_seed would reach CUDA's generators once they are made, after this.
            torch.default_generator.manual_seed(seed)
            if torch.cuda.is_initialized():
                torch.cuda.manual_seed_all(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        generators.restore()


@contextmanager
def without_checkpoints() -> Iterator[None]:
    """Inside, ``torch.utils.checkpoint`` runs a part as if it were not there: the numbers are the same.

    Its part would else be run once more in the backward pass, where the network has its own parameters,
    buffers and mode again, and the reentrant kind would hand the gradients to them.
    """
    ours = {"CheckpointFunction": _Direct, "_checkpoint_without_reentrant_generator": _direct}
    found = {name: getattr(checkpoint, name) for name in ours}
    vars(checkpoint).update(ours)
    try:
        yield
    finally:
        vars(checkpoint).update(found)


class _Direct:
    """In the place of the reentrant checkpoint's autograd function."""

    @staticmethod
    def apply(function: Callable[..., Any], preserve: bool, *arguments: Any) -> Any:
        return function(*arguments)


def _direct(*arguments: object, **keywords: object) -> Iterator[None]:
    """In the place of the other one's: what is done before the part is run, then after it."""
    yield
