"""Measure proxies on one network and one batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from time import perf_counter
from types import ModuleType

import torch
from torch import nn

from harness import registry
from harness.about import About
from harness.errors import ConfigError, HarnessError
from harness.inputs import Batch
from harness.proxies._deadline import OutOfTime, limited
from harness.proxies._kept import Kept
from harness.proxies._kernel import Kernels
from harness.proxies._outcome import STATUSES, Measurement, Undefined, finite
from harness.proxies._passes import Passes

PACKAGE = "harness.proxies"
POPULATIONS = "harness.populations"
REASON = 300
"""Characters of a reason that are kept of an exception's."""


def measure(
    module: nn.Module,
    batch: Batch | Sequence[Batch],
    names: Iterable[str],
    seed: int,
    path: str = "exact",
    time_limit: float | None = None,
    counting: str = "once",
) -> dict[str, Measurement]:
    """Value of each proxy in ``names`` on the network, in the order of ``names``.

    The network is left exactly as it was found: parameters, buffers such as running statistics,
    modes, hooks, ``.grad``; so are the global random generators. A value depends on the
    network's numbers, the batch, the seed and the path only, not on what else is measured.

    Proxies of other packages are not trusted with that: each has passes and images of its own, and where it
    changed the network, the global random generators or torch's settings, these are put back and its status
    is ``failed``.

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
        Networks that draw in their forward pass, such as dropout, depend on it, and proxies that draw
        themselves (zen, meco, az_trainability).
    path
        How ReLU codes are counted: ``reference``, ``exact`` (the same counts, several times as fast) or
        ``fast`` (rounded otherwise in evaluation mode), see :data:`harness.proxies.PATHS`.
    time_limit
        Seconds after which a proxy has the status ``failed``; a pass that several read counts for the first
        of them, and one that was broken off is run again for the next. See :func:`limited` for what it
        cannot stop.
    counting
        At which inputs NASWOT counts ReLU codes: ``once``, those of ReLUs; ``as_released``, those of blocks
        too that the code released with Zero-Cost-PT takes for ReLUs (:mod:`harness.released`).

    Raises
    ------
    UnknownNameError
        For a name no proxy, path or counting carries, before anything is run.
    ConfigError
        For a batch of the wrong shape, targets outside the classes, a network that returns no logits, or a
        time limit outside the main thread. Any other exception inside a proxy becomes its status ``failed``,
        the exception's sentence the reason; so do these where the proxy is another package's.
    """
    return measure_each([module], batch, names, seed, path, time_limit, counting)[0]


def measure_each(
    modules: Sequence[nn.Module],
    batch: Batch | Sequence[Batch],
    names: Iterable[str],
    seed: int,
    path: str = "exact",
    time_limit: float | None = None,
    counting: str = "once",
) -> list[dict[str, Measurement]]:
    """:func:`measure` of several networks on one batch.

    Networks that share layers, such as one supernet under several masks, share the work as well: what
    they have in common is run once. Its seconds are charged to the first of them.
    """
    proxies = {name: load(name) for name in names}
    batches = [batch] if isinstance(batch, Batch) else list(batch)
    _check(batches, proxies)
    own = {name: proxy for name, proxy in proxies.items() if registry.is_own(PACKAGE, name)}
    foreign = [{name: proxy} for name, proxy in proxies.items() if name not in own]
    measured: list[dict[str, Measurement]] = [{} for _ in modules]
    formats = [_format(module, batches[0]) for module in modules]
    for device, dtype in dict.fromkeys(formats):
        members = [index for index, found in enumerate(formats) if found == (device, dtype)]
        # Channels last, because convolutions and batch norm run a quarter faster on the CPU that way.
        converted = [
            Batch(each.images.to(device, dtype, memory_format=torch.channels_last), each.targets.to(device))
            for each in batches
        ]
        for company in (own, *foreign) if own else foreign:
            kernels = Kernels([modules[index] for index in members], converted[0].images, path, counting)
            trusted = company is own
            for position, index in enumerate(members):
                seen = converted if trusted else [_copy(each) for each in converted]
                riders = _riders(company.values(), counting)
                passes = Passes(modules[index], seen, seed, partial(kernels.of, position), riders)
                measured[index] |= {
                    name: _measure_one(name, proxy, passes, trusted, time_limit)
                    for name, proxy in company.items()
                }
    return [{name: found[name] for name in proxies} for found in measured]


def _copy(batch: Batch) -> Batch:
    return Batch(batch.images.clone(), batch.targets.clone())


def _riders(proxies: Collection[ModuleType], counting: str) -> frozenset[str]:
    """What rides on the forward pass that keeps its graph; nothing where no proxy needs that pass anyway.

    Codes ride where they are counted once.
    """
    keeps_graph = any(
        proxy.ABOUT.gradients == "batch" and proxy.ABOUT.images and proxy.ABOUT.batches == 1
        for proxy in proxies
    )
    found = {rider for proxy in proxies for rider in getattr(proxy, "RIDES", ()) if keeps_graph}
    return frozenset(found if counting == "once" else found - {"codes"})


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
        For a population proxy, which no single network has, and for one of another package that cannot be
        imported or is no proxy.
    """
    if name not in registry.names(PACKAGE) and name in registry.names(POPULATIONS):
        raise ConfigError(
            f"Proxy {name} is a property of a population of networks, not of one; take task=arch_correlation "
            "or harness.populations.combine on what was measured of its parts."
        )
    proxy = registry.load(PACKAGE, name, "proxy")
    if not isinstance(getattr(proxy, "ABOUT", None), About) or not callable(getattr(proxy, "score", None)):
        raise ConfigError(
            f"Proxy {name} comes from another package and is no module with ABOUT = About(...) and "
            "score(passes); mend that package or uninstall it."
        )
    return proxy


def counts_relus(name: str) -> bool:
    """Whether the value of proxy ``name`` hangs on how ReLU codes are counted; another package's may."""
    return getattr(load(name), "COUNTS_RELUS", not registry.is_own(PACKAGE, name))


def _measure_one(
    name: str, proxy: ModuleType, passes: Passes, trusted: bool, time_limit: float | None
) -> Measurement:
    if trusted and time_limit is None:
        return _scored(name, proxy, passes, trusted)
    kept = Kept(passes.module)
    started = perf_counter()
    try:
        with limited(time_limit):
            found = _scored(name, proxy, passes, trusted)
        late = time_limit is not None and perf_counter() - started > time_limit
    except OutOfTime:
        late = True
    except SystemExit as error:
        late, found = False, Measurement(None, "failed", _line(_told(error)), perf_counter() - started)
    seconds = perf_counter() - started
    changed = kept.put_back()
    if late:
        return Measurement(None, "failed", f"it took longer than the time limit of {time_limit:g} s", seconds)
    if changed and found.status != "failed":
        return Measurement(None, "failed", f"it changed {' and '.join(changed)}", seconds)
    return found


def _scored(name: str, proxy: ModuleType, passes: Passes, trusted: bool) -> Measurement:
    key = ("proxy", name)
    value, status, reason = None, "ok", ""
    try:
        value = passes.clock.read(key, lambda: finite(_number(proxy.score(passes)), "the value"))
    except Undefined as undefined:
        status, reason = undefined.status, undefined.reason
        undefined.with_traceback(None)  # its frames would keep the passes' graphs alive
        if not trusted and (status not in STATUSES or status == "ok"):
            status = "failed"
    except Exception as error:
        if trusted and isinstance(error, HarnessError):
            raise
        status, reason = "failed", _told(error)
        error.with_traceback(None)
    return Measurement(value, status, reason if trusted else _line(reason), passes.clock.seconds(key))


def _number(score: object) -> float:
    if isinstance(score, str | bytes | bytearray):
        raise TypeError(f"a score is one number; received {type(score).__name__}")
    return float(score)


def _told(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def _line(text: object) -> str:
    """The beginning of ``text`` in one line of characters that every file can hold."""
    return " ".join(str(text)[: 2 * REASON].split())[:REASON].encode("utf-8", "replace").decode()


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
