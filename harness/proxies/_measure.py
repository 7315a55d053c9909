"""Measure proxies on one network and one batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from types import ModuleType

import torch
from torch import nn

from harness import registry
from harness.errors import ConfigError, HarnessError
from harness.inputs import Batch
from harness.proxies._kernel import Kernels
from harness.proxies._outcome import Measurement, Undefined, finite
from harness.proxies._passes import Passes

PACKAGE = "harness.proxies"
POPULATIONS = "harness.populations"


def measure(
    module: nn.Module, batch: Batch | Sequence[Batch], names: Iterable[str], seed: int, path: str = "exact"
) -> dict[str, Measurement]:
    """Value of each proxy in ``names`` on the network, in the order of ``names``.

    The network is left exactly as it was found: parameters, buffers such as running statistics,
    modes, hooks, ``.grad``; so are the global random generators. A value depends on the
    network's numbers, the batch, the seed and the path only, not on what else is measured.

    Parameters
    ----------
    module
        Any network of standard layers that maps images (B, 3, H, W) to logits (B, classes), on any device.
        The batch is converted to its number format. Architectures and ``supernet.masked(mask)`` alike.
    batch
        B >= 1 images and targets, or as many batches as the proxies read (``About.batches``).
    names
        Proxies, see :func:`harness.proxies.names`.
    seed
        Only networks that draw in their forward pass, such as dropout, depend on it.
    path
        How ReLU codes are counted: ``reference``, ``exact`` (the same counts, several times as fast) or
        ``fast`` (rounded otherwise in evaluation mode), see :data:`harness.proxies.PATHS`.

    Raises
    ------
    UnknownNameError
        For a name no proxy or path carries, before anything is run.
    ConfigError
        For a batch of the wrong shape, targets outside the classes, or a network that returns no logits.
        Any other exception inside a proxy becomes its status ``failed``, the exception's sentence the
        reason.
    """
    return measure_each([module], batch, names, seed, path)[0]


def measure_each(
    modules: Sequence[nn.Module],
    batch: Batch | Sequence[Batch],
    names: Iterable[str],
    seed: int,
    path: str = "exact",
) -> list[dict[str, Measurement]]:
    """:func:`measure` of several networks on one batch.

    Networks that share layers, such as one supernet under several masks, share the work as well: what
    they have in common is run once. Its seconds are charged to the first of them.
    """
    proxies = {name: load(name) for name in names}
    batches = [batch] if isinstance(batch, Batch) else list(batch)
    _check(batches, proxies)
    riders = _riders(proxies.values())
    measured: list[dict[str, Measurement]] = [{} for _ in modules]
    formats = [_format(module, batches[0]) for module in modules]
    for device, dtype in dict.fromkeys(formats):
        members = [index for index, found in enumerate(formats) if found == (device, dtype)]
        # Channels last, because convolutions and batch norm run a quarter faster on the CPU that way.
        own = [
            Batch(each.images.to(device, dtype, memory_format=torch.channels_last), each.targets.to(device))
            for each in batches
        ]
        kernels = Kernels([modules[index] for index in members], own[0].images, path)
        for position, index in enumerate(members):
            passes = Passes(modules[index], own, seed, partial(kernels.of, position), riders)
            measured[index] = {name: _measure_one(name, proxy, passes) for name, proxy in proxies.items()}
    return measured


def _riders(proxies: Collection[ModuleType]) -> frozenset[str]:
    """What rides on the forward pass that keeps its graph; nothing where no proxy needs that pass anyway."""
    keeps_graph = any(
        proxy.ABOUT.gradients == "batch" and proxy.ABOUT.images and proxy.ABOUT.batches == 1
        for proxy in proxies
    )
    return frozenset(rider for proxy in proxies for rider in getattr(proxy, "RIDES", ()) if keeps_graph)


def _format(module: nn.Module, batch: Batch) -> tuple[torch.device, torch.dtype]:
    reference = next((p for p in module.parameters() if p.is_floating_point()), batch.images)
    return reference.device, reference.dtype


@cache
def load(name: str) -> ModuleType:
    """The module of the proxy ``name``.

    Raises
    ------
    UnknownNameError
        For a name that no proxy carries.
    ConfigError
        For a population proxy, which no single network has.
    """
    if name not in registry.names(PACKAGE) and name in registry.names(POPULATIONS):
        raise ConfigError(
            f"Proxy {name} is a property of a population of networks, not of one; take task=arch_correlation "
            "or harness.populations.combine on what was measured of its parts."
        )
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


def _check(batches: Sequence[Batch], proxies: Mapping[str, ModuleType]) -> None:
    for batch in batches:
        if batch.images.ndim != 4 or len(batch.images) < 1 or batch.targets.shape != batch.images.shape[:1]:
            raise ConfigError(
                "A batch holds images of shape (B, 3, H, W) with B >= 1 and targets of shape (B,); "
                f"received {tuple(batch.images.shape)} and {tuple(batch.targets.shape)}."
            )
    wanted = {name: proxy.ABOUT.batches for name, proxy in proxies.items()}
    most = max(wanted, key=wanted.__getitem__, default=None)
    if len(batches) < (wanted[most] if most else 1):
        raise ConfigError(
            f"Proxy {most} reads {wanted[most]} batches; received {len(batches)}. Hand a list of batches."
        )
