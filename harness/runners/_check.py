"""What can be known to be wrong with a config before torch is loaded or anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness import aggregations, benchmarks, registry, scorers, searchers, spaces, tasks, trackers
from harness.errors import ConfigError, unknown_name
from harness.runners import _kinds
from harness.runners._kinds import Kind, check_value, settings_of
from harness.runners._published_sets import published_sets
from harness.runners._training import training_of
from harness.runs.config import RunConfig

GROUPS = {
    "task": "tasks",
    "space": "spaces",
    "scorer": "scorers",
    "searcher": "searchers",
    "input": "inputs",
    "tracker": "trackers",
}
"""Groups of settings, and the folders of their items."""


def check(config: RunConfig) -> None:
    """Raise one sentence for the first setting that cannot be.

    Raises
    ------
    ConfigError, UnknownNameError
        For a name that no item carries, a label the space's table does not have, a number
        out of range.
    """
    for group, folder in GROUPS.items():
        _known(group, getattr(config, group).get("name"), registry.names(f"harness.{folder}"))
    benchmarks.require(config.space["name"])
    _check_proxies(config)
    trackers.require(config.tracker["name"])
    _check_kinds(config)
    training_of(config)
    space = spaces.load(config.space["name"])
    _check_conventions(config, space)
    benchmarks.require_label(space.name, config.label)
    if config.batch_size < 2:
        raise ConfigError("batch_size must be at least 2, since proxies compare samples; received 1.")
    if config.source == "published":
        published_sets(config)


def settings_kinds(config: RunConfig) -> Iterator[tuple[str, Mapping[str, Kind], bool]]:
    """For every group what kind of value its item's settings take, and whether all have to be there."""
    yield "task", _kinds.TASKS.get(config.task["name"], {}), True
    yield "searcher", getattr(searchers.load(config.searcher["name"]), "SETTINGS", {}), True
    yield "scorer", getattr(scorers.load(config.scorer["name"]), "SETTINGS", {}), True
    yield "tracker", getattr(trackers.load(config.tracker["name"]), "SETTINGS", {}), True
    for group, kinds in _kinds.GROUPS.items():
        yield group, kinds, False


def _check_kinds(config: RunConfig) -> None:
    for name, kind in _kinds.RUN.items():
        check_value(name, getattr(config, name), kind)
    if config.time_limit is not None:
        check_value("time_limit", config.time_limit, float)
    for group, kinds, complete in settings_kinds(config):
        settings_of(group, getattr(config, group), kinds, complete)


def _check_conventions(config: RunConfig, space: spaces.Space) -> None:
    if config.variant == "as_released":
        searchers.permutes(space)  # refuses a space that there is no released code for
    if config.masking != "default":
        from harness import networks  # loads torch, so only where it has to be asked

        _known("masking", config.masking, ("default", *networks.MASKINGS))


def _known(kind: str, name: object, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise unknown_name(kind, name, allowed)


def _check_proxies(config: RunConfig) -> None:
    for key in config.proxy:
        if key not in ("names", "of"):
            raise unknown_name("setting", f"proxy.{key}", ("proxy.names", "proxy.of"))
    names = config.proxy.get("names")
    if not isinstance(names, list) or not names:
        raise ConfigError(f"proxy.names must list at least one proxy, like [nwot]; received {names!r}.")
    single = registry.names("harness.proxies")
    for name in names:
        _known("proxy", name, (*single, *aggregations.names()))
    ranking = [name for name in names if name not in single]
    task = tasks.load(config.task["name"])
    if ranking and not task.takes_aggregations:
        takers = [name for name in tasks.names() if tasks.load(name).takes_aggregations]
        raise ConfigError(
            f"Proxy {ranking[0]} is a property of a population of networks, so it goes with "
            f"task={','.join(takers)}; received task={task.name}: take that task, or a proxy of one network."
        )
    _check_list(config.proxy.get("of"), ranking, single)


def _check_list(of: object, ranking: list[str], single: tuple[str, ...]) -> None:
    """``proxy.of`` holds proxies of one network, for the population proxies that rank a list."""
    takers = [name for name in ranking if aggregations.load(name).ABOUT.any_list]
    if of is not None and not takers:
        allowed = [name for name in aggregations.names() if aggregations.load(name).ABOUT.any_list]
        raise ConfigError(
            f"proxy.of lists what {', '.join(allowed)} rank, and proxy.names has none of these; received "
            f"{of!r}: drop it, or take one of them."
        )
    if of is not None and not isinstance(of, list):
        raise ConfigError(f"proxy.of must list proxies, like [synflow, nwot]; received {of!r}.")
    for part in of or ():
        _known("proxy in proxy.of", part, single)
    for name in takers:
        aggregations.parts(name, of)
