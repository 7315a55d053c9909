"""Measure proxies on one network and one batch."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from functools import cache, partial
from time import perf_counter
from types import ModuleType
from typing import Any

import torch
from torch import nn

from harness import registry
from harness.about import About
from harness.errors import ConfigError, MachineFailure, machine_failure
from harness.inputs import Batch
from harness.networks import parts_of
from harness.proxies._deadline import OutOfTime, limited
from harness.proxies._forms import Given, as_batches, as_names, require_enough
from harness.proxies._kernel import Kernels
from harness.proxies._outcome import STATUSES, Measurement, Refused, Undefined, finite
from harness.proxies._passes import Passes
from harness.proxies._precision import require_precision
from harness.proxies._programs import Programs
from harness.proxies._snapshot import Snapshot
from harness.proxies._state import keep_state
from harness.proxies._surroundings import undisturbed
from harness.proxies._wrapped import memory_format, number_format, opened, refusal, refused, unwrapped

PACKAGE = "harness.proxies"
POPULATIONS = "harness.aggregations"
REASON = 300
"""Characters of a reason that are kept of an exception's."""


def measure(
    module: nn.Module,
    batch: Given,
    names: str | Iterable[str],
    seed: int,
    path: str = "exact",
    time_limit: float | None = None,
    counting: str = "once",
    precision: str = "default",
    programs: Programs | None = None,
) -> dict[str, Measurement]:
    """Value of each proxy in ``names`` on the network, in the order of ``names``.

    The network is left exactly as it was found: parameters, buffers such as running statistics,
    modes, hooks, ``.grad``, what it keeps in Python; so are the global random generators. A value depends on
    the network's numbers, the batch, the seed and the path only, not on what else is measured, nor on
    autocast, inference mode or a default device around the call.

    Proxies of other packages are not trusted with that: each has passes and images of its own, and where it
    changed the network, the global random generators or torch's settings, these are put back and its status
    is ``failed``.

    Parameters
    ----------
    module
        Any network that maps images (B, 3, H, W), or other ones (B, ...), to logits (B, classes), on any
        device: architectures, ``supernet.masked(mask)`` and others. The batch takes its number format.
        Of ``DataParallel``, ``DistributedDataParallel`` and ``torch.compile`` the network inside is measured.
    batch
        B >= 1 images and targets as :class:`Batch` or ``(images, targets)``, or as many of these as the
        proxies read (``About.batches``).
    names
        Proxies, see :func:`harness.proxies.names`; a single one may be given by itself.
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
    precision
        In how many bits a float32 network is computed whose ReLU codes alone are read, on the path ``fast``:
        ``default`` and ``float32`` change nothing, see :data:`harness.proxies.PRECISIONS`. A network that
        cannot be traced is computed in float32, as everything is on a CPU without bfloat16.
    programs
        Of networks that are measured on many batches and whose weights and layers stay as they are: where
        ReLU codes are counted in evaluation mode, each is written down once.

    Raises
    ------
    UnknownNameError
        For a name no proxy, path, counting or precision carries, before anything is run.
    ConfigError
        For a batch of the wrong shape, a time limit outside the main thread, or a precision with a proxy that
        reads more than codes, with another path or on another device. What is wrong with a network
        alone, an exception in it too, becomes the status ``failed`` of its proxies, the sentence the reason.
    MachineFailure
        Where memory, a disk or a device failed: that says nothing of a network.
    """
    return measure_each([module], batch, names, seed, path, time_limit, counting, precision, programs)[0]


def measure_each(
    modules: Sequence[nn.Module],
    batch: Given,
    names: str | Iterable[str],
    seed: int,
    path: str = "exact",
    time_limit: float | None = None,
    counting: str = "once",
    precision: str = "default",
    programs: Programs | None = None,
) -> list[dict[str, Measurement]]:
    """:func:`measure` of several networks on one batch.

    Networks that share layers, such as one supernet under several masks, share the work as well: what
    they have in common is run once. Its seconds are charged to the first of them.
    """
    proxies = {name: load(name) for name in as_names(names)}
    batches = as_batches(batch)
    require_enough(batches, proxies)
    networks = [unwrapped(module) for module in modules]
    measured: list[dict[str, Measurement]] = [{} for _ in networks]
    alike: dict[tuple[Any, ...], list[int]] = {}
    seen = not all(getattr(proxy, "WEIGHTS_ALONE", False) for proxy in proxies.values())
    parts = parts_of(*networks)
    doubtful = refused(parts)  # in what is said of all parts each network is sound by itself too
    common = seen and not doubtful and memory_format(parts, _CPU) is torch.channels_last
    stateful = not seen or keep_state(parts)
    for index, network in enumerate(networks):
        if doubtful and (sentence := refusal(network)):
            measured[index] = {name: Measurement(None, "failed", sentence, 0.0) for name in proxies}
        else:
            device, dtype = number_format(network, batches[0].images)
            order = _order(network, device, common) if seen else torch.preserve_format
            alike.setdefault((device, dtype, order), []).append(index)
    for device in {found[0] for found in alike} or {torch.device("cpu")}:
        require_precision(precision, path, proxies, device.type)
    for found, members in alike.items():
        with undisturbed(found[0]):
            converted = [_converted(each, *found) for each in batches] if seen else batches
            chosen = [networks[index] for index in members]
            with opened(parts if len(chosen) == len(networks) else parts_of(*chosen)) as inside:
                rows = _measure_alike(
                    chosen,
                    converted,
                    proxies,
                    seed,
                    path,
                    time_limit,
                    counting,
                    precision,
                    stateful,
                    inside,
                    programs,
                )
        for index, row in zip(members, rows, strict=True):
            measured[index] = {name: row[name] for name in proxies}
    return measured


def _measure_alike(
    networks: Sequence[nn.Module],
    batches: list[Batch],
    proxies: dict[str, ModuleType],
    seed: int,
    path: str,
    time_limit: float | None,
    counting: str,
    precision: str,
    stateful: bool,
    parts: Sequence[nn.Module],
    programs: Programs | None,
) -> list[dict[str, Measurement]]:
    """Of networks with one number format and these parts, on batches in it.

    ``stateful`` ones may keep things in Python.
    """
    own = {name: proxy for name, proxy in proxies.items() if registry.is_own(PACKAGE, name)}
    foreign = [{name: proxy} for name, proxy in proxies.items() if name not in own]
    measured: list[dict[str, Measurement]] = [{} for _ in networks]
    for company in (own, *foreign) if own else foreign:
        kernels = Kernels(networks, batches[0].images, path, counting, precision, programs)
        trusted = company is own
        for index, network in enumerate(networks):
            seen = batches if trusted else [_copy(each) for each in batches]
            riders = _riders(company.values(), counting)
            known = parts if len(networks) == 1 else None
            passes = Passes(network, seen, seed, partial(kernels.of, index), riders, stateful, known)
            measured[index] |= {
                name: _measure_one(name, proxy, passes, trusted, time_limit)
                for name, proxy in company.items()
            }
    return measured


_CPU = torch.device("cpu")


def _order(network: nn.Module, device: torch.device, channels_last: bool) -> torch.memory_format:
    """The network's :func:`memory_format`, which on a CPU may be known to be ``channels_last``."""
    return memory_format(() if channels_last else parts_of(network), device)


def _converted(batch: Batch, device: torch.device, dtype: torch.dtype, order: torch.memory_format) -> Batch:
    order = order if batch.images.ndim == 4 else torch.contiguous_format
    return Batch(batch.images.to(device, dtype, memory_format=order), batch.targets.to(device))


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
            "or harness.aggregations.combine on what was measured of its parts."
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
    before = Snapshot(passes.module)
    started = perf_counter()
    late, changed = False, []
    try:
        with limited(time_limit):
            found = _scored(name, proxy, passes, trusted)
        late = time_limit is not None and perf_counter() - started > time_limit
    except OutOfTime:
        late = True
    except SystemExit as error:
        found = Measurement(None, "failed", _line(_told(error)), perf_counter() - started)
    finally:
        seconds = perf_counter() - started
        changed = before.put_back()
    if late:
        return Measurement(None, "failed", f"it took longer than the time limit of {time_limit:g} s", seconds)
    if changed and found.status != "failed":
        return Measurement(None, "failed", f"it changed {' and '.join(changed)}", seconds)
    return found


def _scored(name: str, proxy: ModuleType, passes: Passes, trusted: bool) -> Measurement:
    key = ("proxy", name)
    value, status, reason = None, "ok", ""
    check = _finite if trusted else _as_returned
    try:
        value = passes.clock.read(key, lambda: check(_number(proxy.score(passes))))
    except Undefined as undefined:
        status, reason = undefined.status, undefined.reason
        undefined.with_traceback(None)  # its frames would keep the passes' graphs alive
        if not trusted and (status not in STATUSES or status == "ok"):
            status = "failed"
    except Exception as error:
        if machine_failure(error):
            raise MachineFailure(
                f"Proxy {name} met a failure of the machine, which says nothing of the network: "
                f"{_line(_told(error))}. Free memory or disk, or take a smaller batch, and run again."
            ) from error
        status, reason = "failed", str(error) if isinstance(error, Refused) else _told(error)
        error.with_traceback(None)
    return Measurement(value, status, reason if trusted else _line(reason), passes.clock.seconds(key))


def _finite(value: float) -> float:
    return finite(value, "the value")


def _as_returned(value: float) -> float:
    """Formulas of others may mean infinity."""
    if math.isinf(value):
        raise Undefined("inf", f"the value is {'' if value > 0 else 'minus '}infinity")
    return finite(value, "the value")


def _number(score: Any) -> float:
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
