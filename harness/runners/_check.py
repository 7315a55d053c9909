"""What can be known to be wrong with a config before torch is loaded or anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from harness import registry, searchers, spaces, tables
from harness.errors import ConfigError, unknown_name
from harness.runners._config import RunConfig

DEVICES = ("auto", "cpu", "cuda")


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
    }
    for kind, folder in groups.items():
        _known(kind, getattr(config, kind).get("name"), registry.names(f"harness.{folder}"))
    for name in _proxies(config):
        _known("proxy", name, registry.names("harness.proxies"))
    _known("device", config.device, DEVICES)
    space = spaces.load(config.space["name"])
    _known(f"label of {space.name}", config.label, tables.labels(space.name))
    if not 0 <= config.seed < 2**63:
        raise ConfigError(f"seed must be an integer from 0 to 2**63 - 1; received {config.seed}.")
    for name in ("batch_size", "threads"):
        positive(name, getattr(config, name))
    if config.batch_size < 2:
        raise ConfigError("batch_size must be at least 2, since proxies compare samples; received 1.")
    settings_of("searcher", config.searcher, searchers.load(config.searcher["name"]).SETTINGS)
    if config.task["name"] == "arch_correlation" and config.task["population"] != "all":
        positive("task.population", config.task["population"], "a positive integer or all")


def positive(name: str, value: object, allowed: str = "a positive integer") -> int:
    """``value``, if it is an integer above 0; raises :class:`~harness.errors.ConfigError` otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{name} must be {allowed}; received {value!r}.")
    return value


def settings_of(group: str, values: Mapping[str, object], names: tuple[str, ...]) -> dict[str, int]:
    """The settings ``names`` of an item, all positive integers; raises for one it does not take."""
    for key in values:
        if key != "name" and key not in names:
            raise unknown_name(f"setting of {group} {values['name']}", key, names)
    return {name: positive(f"{group}.{name}", values.get(name)) for name in names}


def _known(kind: str, name: object, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise unknown_name(kind, name, allowed)


def _proxies(config: RunConfig) -> list[str]:
    names = config.proxy.get("names")
    if not isinstance(names, list) or not names:
        raise ConfigError(f"proxy.names must list at least one proxy, like [nwot]; received {names!r}.")
    return names
