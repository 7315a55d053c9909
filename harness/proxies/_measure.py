"""Measure proxies on one network and one batch."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from torch import nn

from harness import registry
from harness.errors import ConfigError, HarnessError
from harness.inputs import Batch
from harness.proxies._outcome import Measurement, Undefined, finite
from harness.proxies._passes import Passes

PACKAGE = "harness.proxies"


def measure(module: nn.Module, batch: Batch, names: Iterable[str], seed: int) -> dict[str, Measurement]:
    """Value of each proxy in ``names`` on the network, in the order of ``names``.

    The network is left exactly as it was found: parameters, buffers such as running statistics,
    modes, hooks, ``.grad``; so are the global random generators. A value depends on the
    network's numbers, the batch and the seed only, not on what else is measured.

    Parameters
    ----------
    module
        Any network of standard layers that maps images (B, 3, H, W) to logits (B, classes), on any device.
        The batch is converted to its number format. Architectures and ``supernet.masked(mask)`` alike.
    batch
        B >= 1 images and targets.
    names
        Proxies, see :func:`harness.proxies.names`.
    seed
        Only networks that draw in their forward pass, such as dropout, depend on it.

    Raises
    ------
    UnknownNameError
        For a name no proxy carries, before anything is run.
    ConfigError
        For a batch of the wrong shape, targets outside the classes, or a network that returns no logits.
        Any other exception inside a proxy becomes its status ``failed``, the exception's sentence the
        reason.
    """
    proxies = {name: load(name) for name in names}
    _check(batch)
    passes = Passes(module, batch, seed)
    return {name: _measure_one(name, proxy, passes) for name, proxy in proxies.items()}


@cache
def load(name: str) -> ModuleType:
    """The module of the proxy ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(PACKAGE, name, "proxy")


def _measure_one(name: str, proxy: ModuleType, passes: Passes) -> Measurement:
    key = ("proxy", name)
    value, status, reason = None, "ok", ""
    try:
        value = passes.clock.read(key, lambda: finite(float(proxy.score(passes)), "the value"))
    except HarnessError:
        raise
    except Undefined as undefined:
        status, reason = undefined.status, undefined.reason
        undefined.with_traceback(None)  # its frames would keep the passes' graphs alive
    except Exception as error:
        status, reason = "failed", f"{type(error).__name__}: {error}"
        error.with_traceback(None)
    return Measurement(value, status, reason, passes.clock.seconds(key))


def _check(batch: Batch) -> None:
    if batch.images.ndim != 4 or len(batch.images) < 1 or batch.targets.shape != batch.images.shape[:1]:
        raise ConfigError(
            "A batch holds images of shape (B, 3, H, W) with B >= 1 and targets of shape (B,); "
            f"received {tuple(batch.images.shape)} and {tuple(batch.targets.shape)}."
        )
