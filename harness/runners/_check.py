"""What can be known to be wrong with a config before torch is loaded or anything runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from math import inf

from harness import populations, registry, scorers, searchers, spaces, tables, trackers
from harness.errors import ConfigError, unknown_name
from harness.runners._config import RunConfig
from harness.runners._device import ARITHMETIC
from harness.runners._published_sets import published_sets
from harness.runners._training import training_of

SOURCES = ("measured", "published")
DEVICES = ("auto", "cpu", "cuda")
CARD = re.compile(r"cuda:[0-9]{1,3}")
"""One of several GPUs is a device too."""
PATHS = ("reference", "exact", "fast")
"""Those of ``harness.proxies.PATHS``, which loads torch."""


def check(config: RunConfig) -> None:
    """Raise one sentence for the first setting that cannot be.

    Raises
    ------
    ConfigError, UnknownNameError
        For a name that no item carries, a label the space's table does not have, a number
        out of range.
    """
    groups = {
        "task": "runners",
        "space": "spaces",
        "scorer": "scorers",
        "searcher": "searchers",
        "input": "inputs",
        "tracker": "trackers",
    }
    for kind, folder in groups.items():
        _known(kind, getattr(config, kind).get("name"), registry.names(f"harness.{folder}"))
    _check_proxies(config)
    if not CARD.fullmatch(str(config.device)):
        _known("device", config.device, (*DEVICES, "cuda:0"))
    _known("arithmetic", config.arithmetic, ARITHMETIC)
    _known("path", config.path, PATHS)
    _known("source", config.source, SOURCES)
    trackers.require(config.tracker["name"])
    training_of(config)
    space = spaces.load(config.space["name"])
    _check_conventions(config, space)
    _known(f"label of {space.name}", config.label, tables.labels(space.name))
    if not 0 <= config.seed < 2**63:
        raise ConfigError(f"seed must be an integer from 0 to 2**63 - 1; received {config.seed}.")
    for name in ("batch_size", "threads", "workers"):
        positive(name, getattr(config, name))
    if config.time_limit is not None:
        positive_number("time_limit", config.time_limit)
    if config.batch_size < 2:
        raise ConfigError("batch_size must be at least 2, since proxies compare samples; received 1.")
    settings_of("searcher", config.searcher, searchers.load(config.searcher["name"]).SETTINGS)
    settings = getattr(scorers.load(config.scorer["name"]), "SETTINGS", None)
    if settings is not None:
        settings_of("scorer", config.scorer, settings)
    if config.source == "published":
        published_sets(config)
    if config.task["name"] == "arch_correlation" and config.task["population"] != "all":
        positive("task.population", config.task["population"], "a positive integer or all")


def positive(name: str, value: object, allowed: str = "a positive integer") -> int:
    """``value``, if it is an integer above 0; raises :class:`~harness.errors.ConfigError` otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} must be {allowed}; received {value!r}.")
    return value


def positive_number(name: str, value: object) -> float:
    """``value`` as a float, if it is above 0; raises :class:`~harness.errors.ConfigError` otherwise."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < inf:
        raise ConfigError(f"{name} must be a positive number; received {value!r}.")
    return float(value)


def settings_of(
    group: str, values: Mapping[str, object], kinds: Mapping[str, type[int | float] | Collection[str]]
) -> dict[str, int | float | str]:
    """The settings of an item: positive numbers where the kind is ``int`` or ``float``, else names it lists.

    Raises
    ------
    ConfigError, UnknownNameError
        For a setting it does not take, or a value that is not of the kind.
    """
    for key in values:
        if key != "name" and key not in kinds:
            raise unknown_name(f"setting of {group} {values['name']}", key, kinds)
    return {name: _setting(f"{group}.{name}", values.get(name), kind) for name, kind in kinds.items()}


def _setting(name: str, value: object, kind: type[int | float] | Collection[str]) -> int | float | str:
    if kind is int:
        return positive(name, value)
    if kind is float:
        return positive_number(name, value)
    _known(name, value, tuple(kind))
    return value


def _check_conventions(config: RunConfig, space: spaces.Space) -> None:
    _known("variant", config.variant, searchers.VARIANTS)
    if config.variant == "as_released":
        searchers.permutes(space)  # refuses a space that there is no released code for
    if config.masking != "default":
        from harness import networks  # loads torch, so only where it has to be asked

        _known("masking", config.masking, ("default", *networks.MASKINGS))


def _known(kind: str, name: object, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise unknown_name(kind, name, allowed)


def _check_proxies(config: RunConfig) -> None:
    names = config.proxy.get("names")
    if not isinstance(names, list) or not names:
        raise ConfigError(f"proxy.names must list at least one proxy, like [nwot]; received {names!r}.")
    single = registry.names("harness.proxies")
    for name in names:
        _known("proxy", name, (*single, *populations.names()))
    ranking = [name for name in names if name not in single]
    task = config.task["name"]
    if ranking and task != "arch_correlation":
        raise ConfigError(
            f"Proxy {ranking[0]} is a property of a population of networks, so it goes with "
            f"task=arch_correlation; received task={task}: take that task, or a proxy of one network."
        )
    _check_list(config.proxy.get("of"), ranking, single)


def _check_list(of: object, ranking: list[str], single: tuple[str, ...]) -> None:
    """``proxy.of`` holds proxies of one network, for the population proxies that rank a list."""
    takers = [name for name in ranking if populations.load(name).ABOUT.any_list]
    if of is not None and not takers:
        allowed = [name for name in populations.names() if populations.load(name).ABOUT.any_list]
        raise ConfigError(
            f"proxy.of lists what {', '.join(allowed)} rank, and proxy.names has none of these; received "
            f"{of!r}: drop it, or take one of them."
        )
    if of is not None and not isinstance(of, list):
        raise ConfigError(f"proxy.of must list proxies, like [synflow, nwot]; received {of!r}.")
    for part in of or ():
        _known("proxy in proxy.of", part, single)
    for name in takers:
        populations.parts(name, of)
