"""What can be known to be wrong with a config before torch is loaded or anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness import aggregations, benchmarks, groups, registry, searchers, spaces, tasks, trackers
from harness.errors import ConfigError, NoFiguresError, unknown_name
from harness.evidence import Method, method_of, require_kinds, require_limits, training_of
from harness.evidence.published import published_sets
from harness.options import Device, Folder, Kind, Numbers, Whole, check_value
from harness.runs import truth
from harness.runs.config import RunConfig, Training
from harness.runs.device import ARITHMETIC
from harness.scorers import SCALES

RUN: Mapping[str, Kind] = {
    "label": str,
    "search_label": str,
    "seed": Whole(0),
    "batch_size": int,
    "variant": searchers.VARIANTS,
    "masking": str,
    "path": ("reference", "exact", "fast"),  # those of harness.proxies.PATHS, which loads torch
    "precision": str,
    "source": ("measured", "published"),
    "device": Device(),
    "arithmetic": ARITHMETIC,
    "limits": Numbers(),
    "supernets": int,
    "scale": tuple(SCALES),
    "threads": int,
    "workers": int,
    "force": bool,
    "dry_run": bool,
    "results": Folder(),
}
"""Settings of the run itself; besides, ``time_limit`` is a positive number or null."""


def check(config: RunConfig) -> None:
    """Raise one sentence for the first setting that cannot be.

    Raises
    ------
    ConfigError, UnknownNameError
        For a name that no item carries, a label the space's table does not have, a number
        out of range.
    """
    chosen = {group: getattr(config, group) for group in groups.GROUPS if _is_chosen(config, group)}
    for group, given in chosen.items():
        _known(group, given.get("name"), groups.names(group))
    space = spaces.load(config.space["name"])
    _check_truth(config)
    _check_proxies(config)
    trackers.require(config.tracker["name"])
    training = training_of(config)
    if (method := method_of(config)) is not None:
        require_kinds(method, space)
    for name, kind in RUN.items():
        check_value(name, getattr(config, name), kind)
    if config.time_limit is not None:
        check_value("time_limit", config.time_limit, float)
    for group, given in (chosen | {"fidelity": config.fidelity}).items():
        groups.settings(group, given)
    _check_conventions(config, space)
    _check_supernets(config, method, training)
    _check_precision(config, method)
    if truth.is_measured(config):
        _check_measured(config, space)
    else:
        benchmarks.require_label(space.name, config.label)
    _check_search_label(config)
    require_limits(config, method)
    if config.batch_size < 2:
        raise ConfigError("batch_size must be at least 2, since proxies compare samples; received 1.")
    if config.source == "published":
        published_sets(config)


def _check_truth(config: RunConfig) -> None:
    """A task that compares with accuracies, and a method that asks for them, need a space that has some."""
    method = method_of(config)
    evidence = None if method is None else registry.load("harness.evidence", method.evidence, "evidence")
    needed = tasks.load(config.task["name"]).needs_truth or getattr(evidence, "READS_TRUTH", False)
    space = config.space["name"]
    if truth.is_measured(config) or space in benchmarks.names():
        return
    if needed:
        benchmarks.require(space)
    if method is not None and getattr(method.module, "LISTS", False) and spaces.load(space).listing() is None:
        raise NoFiguresError(
            f"{method.group}={method.name} needs a list of all architectures, and nobody lists those of "
            f"{space}: take another {method.group}."
        )


def _check_search_label(config: RunConfig) -> None:
    """Another label to search on is one of the table's."""
    name = config.search_label
    if name in ("same", config.label):
        return
    if truth.is_measured(config):
        raise ConfigError(
            "truth=train measures one label, so that there is no other one to search on; received "
            f"search_label={name}: leave it out."
        )
    benchmarks.require_label(config.space["name"], name)


def _is_chosen(config: RunConfig, group: str) -> bool:
    """Whether ``group`` names an item: a method's group may be left out where the task reads another one."""
    if group in ("proxy", "fidelity"):  # checked apart: a list of names, and no items
        return False
    return bool(getattr(config, group)) or group not in groups.METHODS or group == _method_group(config)


def _method_group(config: RunConfig) -> str:
    return tasks.load(config.task["name"]).group if config.task.get("name") in tasks.names() else ""


def _check_conventions(config: RunConfig, space: spaces.Space) -> None:
    searched = config.searcher if _method_group(config) == "searcher" else {}
    follows = searched.get("variant") == "as_released"
    if follows or config.variant == "as_released":
        searchers.require_released(space, searched.get("order") if follows else None)
    if config.masking != "default":
        from harness import networks  # loads torch, so only where it has to be asked

        _known("masking", config.masking, ("default", *networks.MASKINGS))


def _check_measured(config: RunConfig, space: spaces.Space) -> None:
    """Truth that is measured here is asked for architecture by architecture."""
    truth.check(config, space)
    task, method = tasks.load(config.task["name"]), method_of(config)
    if task.lists_truth:
        truth.require_list(config, space, f"task={task.name}")
    if config.task.get("population") == "all":
        truth.require_list(config, space, "task.population=all")
    if method is not None and method.evidence == "truth":
        truth.require_list(config, space, f"{method.group}={method.name}")


def _check_supernets(config: RunConfig, method: Method | None, training: Training | None) -> None:
    averaged = method is not None and method.evidence == "proxy" and training is None
    if config.supernets > 1 and not averaged:
        asked = "" if method is None else f" {method.group}={method.name} training={config.training['name']}"
        raise ConfigError(
            "supernets above 1 averages operation scores by a proxy over untrained supernets, with a scorer "
            f"or searcher such as zero_cost_pt; received supernets={config.supernets} with "
            f"task={config.task['name']}{asked}: take supernets=1."
        )
    least = getattr(method.module, "SUPERNETS", 1) if method is not None else 1
    if method is not None and config.supernets < least:
        raise ConfigError(
            f"{method.group}={method.name} compares what several supernets say and needs {least} of them at "
            f"least; received supernets={config.supernets}: take supernets=6, or more."
        )


def _check_precision(config: RunConfig, method: Method | None) -> None:
    """Another one than float32 is for what reads signs alone."""
    if config.precision in ("default", "float32"):
        return
    from harness import proxies  # loads torch, so only where it has to be asked

    named = config.proxy["names"]
    single = [part for name in named for part in _parts(name, config.proxy.get("of"))]
    if method is not None and (method.evidence not in ("proxy", "networks") or config.source != "measured"):
        raise ConfigError(
            f"precision={config.precision} is for what reads the signs of ReLUs alone, the proxies nwot and "
            f"nwot_eval; received {method.group}={method.name} source={config.source}: leave "
            "precision=default."
        )
    proxies.require_precision(config.precision, config.path, {name: proxies.load(name) for name in single})


def _parts(name: str, of: list[str] | None) -> Collection[str]:
    """The proxies of one network that ``name`` is, or ranks."""
    if name not in aggregations.names():
        return (name,)
    return aggregations.parts(name, of if aggregations.load(name).ABOUT.any_list else None)


def _known(kind: str, name: object, allowed: Collection[str]) -> None:
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
    if ranking and not (task.takes_aggregations or _ranks_what_it_scores(config)):
        takers = [name for name in tasks.names() if tasks.load(name).takes_aggregations]
        raise ConfigError(
            f"Proxy {ranking[0]} is a property of a population of networks, so it goes with "
            f"task={','.join(takers)} and searchers such as random_by_proxy; received task={task.name}: take "
            "one of these, or a proxy of one network."
        )
    _check_list(config.proxy.get("of"), ranking, single)


def _ranks_what_it_scores(config: RunConfig) -> bool:
    """Whether the run's method has a population of networks that it scores."""
    method = method_of(config)
    evidence = None if method is None else registry.load("harness.evidence", method.evidence, "evidence")
    return bool(getattr(evidence, "TAKES_AGGREGATIONS", False))


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
