"""Overrides from the command line, checked and composed before anything runs."""

from __future__ import annotations

import pickle
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from harness import folders
from harness.cli._items import bring_in, stored
from harness.cli._literal import quoted
from harness.cli._own_folders import OwnFolders
from harness.errors import ConfigError, unknown_name
from harness.groups import GROUPS
from harness.runners import RunConfig, check

OmegaConf.register_new_resolver("results_root", lambda results: str(results_root(results)), replace=True)


def results_root(results: str | None) -> Path:
    """The folder of the records: that of the setting, ``~`` being the home folder, or the clone's."""
    return Path(results).expanduser() if results else folders.RESULTS


_composed_of: dict[str, Any] = {}
"""One's own folders, and the files of ``conf/`` with the time of their last change."""


@contextmanager
def composing() -> Iterator[None]:
    """Inside, Hydra composes from the clone's ``conf/`` and one's own folders, which are read once.

    What was composed before is kept while it is all made of the same.
    """
    files = {str(path): path.stat().st_mtime_ns for path in folders.CONF.rglob("*.yaml")}
    made_of = {"own": OwnFolders.places, **files}
    if bring_in() or OwnFolders.places or made_of != _composed_of:
        for cached in (_chosen, _pickled, _parse, groups):
            cached.cache_clear()
        _composed_of.clear()
        _composed_of.update(made_of)
    with initialize_config_dir(version_base="1.3", config_dir=str(folders.CONF)):
        yield


@lru_cache(maxsize=1)
def groups() -> Mapping[str, tuple[str, ...]]:
    """Config groups and the names of their options, those of one's own folders and of other packages too."""
    loader: Any = GlobalHydra.instance().config_loader()
    found = loader.repository  # the loader itself would copy it every time
    filed = {folder.name for folder in folders.CONF.iterdir() if folder.is_dir()} - {"preset"}
    return {
        group: tuple(sorted(found.get_group_options(group, ObjectType.CONFIG)))
        for group in sorted(filed | GROUPS.keys())
    }


def run_configs(overrides: Sequence[str]) -> list[RunConfig]:
    """The config of every run that ``overrides`` ask for, sweeps expanded; each is checked.

    Raises
    ------
    ConfigError, UnknownNameError
        For the first override or combination that cannot be.
    """
    return [run_config(choice) for choice in expanded(overrides)]


def expanded(overrides: Sequence[str]) -> list[tuple[str, ...]]:
    """All combinations of the values that sweeping overrides name, as overrides without sweeps."""
    parsed = [_parse(quoted(text)) for text in overrides]
    known = groups()
    axes = [_choices(override) for override in parsed]
    for axis in axes:
        for choice in axis:
            _check_key(_parse(choice), known)
    return list(product(*axes))


def swept(overrides: Iterable[str]) -> list[str]:
    """A sweep's settings as Hydra's sweeper has to be told them.

    It composes the settings that are not swept without the choices that are, so that in a sweep over
    searchers it would not know ``searcher.queries=5``: an item's settings are told as sweeps over one value.
    """
    told = []
    for text in map(quoted, overrides):
        override = _parse(text)
        key = str(override.key_or_group)
        if override.is_sweep_override():
            told.append(f"{override.get_key_element()}=choice({','.join(override.sweep_string_iterator())})")
        elif key.partition(".")[0] in groups() and override.value() is not None:  # no sweep takes null
            told.append(f"{override.get_key_element()}=choice({override.get_value_element_as_str()})")
        else:
            told.append(text)
    return told


def as_hydra_writes(overrides: Iterable[str]) -> list[str]:
    """The same settings as a job of Hydra's sweep names them, where ``true`` is ``True``; without sweeps.

    Without quotes too, which a sweep keeps around some values and not around others.
    """
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    values = [(each, each.value()) for each in parsed]
    return [
        f"{each.get_key_element()}={value if isinstance(value, str) else each.get_value_element_as_str()}"
        for each, value in values
    ]


def of_hydra(override: str) -> bool:
    """Whether ``override`` is a setting of Hydra's own, changed or added."""
    return override.lstrip("+~").startswith("hydra")


def asks_hydra(job: Sequence[str]) -> bool:
    """Whether a sweep, by its first ``job``, sets something of Hydra's own, or chooses a file that does.

    Folders of one's own may hold such files, and count as if they did; :func:`composing` must be active.
    """
    if OwnFolders.places or any(map(of_hydra, job)):
        return True
    own = compose("config", overrides=[quoted(text) for text in job], return_hydra_config=True).hydra
    kinds = {str(each._target_).rpartition(".")[2] for each in (own.launcher, own.sweeper)}
    return kinds != {"BasicLauncher", "BasicSweeper"} or bool(own.callbacks) or bool(own.job.env_set)


def run_config(overrides: Iterable[str]) -> RunConfig:
    """Compose and check one run's config; :func:`composing` must be active."""
    overrides = [quoted(text) for text in overrides]
    _check_nested(overrides)
    config = to_run_config(_composed(overrides))
    check(config)
    return config


def _composed(overrides: list[str]) -> DictConfig:
    """``compose("config", overrides)``, but what the groups' choices make is composed only once.

    Values are then set as Hydra sets them, after all files; whatever else there is, and every mistake, is
    Hydra's own to compose and to tell.
    """
    known = groups()
    try:
        parsed = [_parse(text) for text in overrides]
        if any(each.is_add() or each.is_delete() or of_hydra(each.input_line or "") for each in parsed):
            return compose("config", overrides=overrides)
        config = _copied(_choices_of_groups(overrides, known))
        for each in parsed:
            if each.key_or_group not in known:
                OmegaConf.update(config, each.key_or_group, each.value(), merge=True)
    except Exception:
        return compose("config", overrides=overrides)
    return config


def _choices_of_groups(overrides: Iterable[str], known: Container[str]) -> tuple[str, ...]:
    return tuple(text for text in overrides if text.split("=")[0] in known)


def _copied(choices: tuple[str, ...]) -> DictConfig:
    """What the choices of groups make, to be changed; read from its bytes, in a quarter of a copy's time."""
    made: DictConfig = pickle.loads(_pickled(choices))
    return made


@lru_cache(maxsize=256)
def _pickled(choices: tuple[str, ...]) -> bytes:
    return pickle.dumps(_chosen(choices), pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=256)
def _chosen(overrides: tuple[str, ...]) -> DictConfig:
    """What the choices of groups make; not to be changed."""
    made = _copied(()) if overrides else compose("config")
    for text in overrides:
        option = _option(*text.split("=", 1))
        if option is None:
            return compose("config", overrides=list(overrides))
        made[text.split("=")[0]] = option
    return made


def _option(group: str, name: str) -> DictConfig | None:
    """What an item, or a file that makes its own group alone, holds; ``None`` for another, and for none."""
    path = folders.CONF / group / f"{name}.yaml"
    if not path.is_file():
        return stored(group, name)
    if "@package" in path.read_text(encoding="utf-8"):
        return None
    content = OmegaConf.load(path)
    return content if isinstance(content, DictConfig) and "defaults" not in content else None


def to_run_config(config: DictConfig) -> RunConfig:
    """Hydra's config as the plain dataclass that runners take, ``~`` in folders being the home folder."""
    run: Any = OmegaConf.to_object(config)  # which resolves `${...}`
    folder = run.input.get("folder")
    if isinstance(folder, str):
        run = replace(run, input={**run.input, "folder": str(Path(folder).expanduser())})
    return replace(run, results=str(results_root(run.results))) if run.results else run


@lru_cache(maxsize=256)
def _parse(text: str) -> Override:
    try:
        loader = GlobalHydra.instance().config_loader()
        return OverridesParser.create(config_loader=loader).parse_overrides([text])[0]
    except Exception as error:
        name, _, value = text.partition("=")
        hint = f", and put a value with other characters in quotes: '{name}=\"{value}\"'" if value else ""
        raise ConfigError(
            f"{text!r} is not a setting; write name=value, like space=nb201 or seed=0,1{hint}."
        ) from error


def _check_key(override: Override, known: Mapping[str, tuple[str, ...]]) -> None:
    key = str(override.key_or_group)
    root = key.split(".")[0]
    if key == "hydra.mode":
        raise ConfigError("hydra.mode is not taken here; -m sweeps, and without it there is one run.")
    if root == "hydra" or key.startswith("hydra/"):
        return
    if override.is_add() or override.is_delete():
        raise ConfigError(f"{override.input_line!r} adds or deletes a setting; only name=value is allowed.")
    fields = tuple(RunConfig.__dataclass_fields__)
    if root not in fields and root not in known:
        raise unknown_name("setting", key, (*fields, *known))
    if key in known and str(override.value()) not in known[key]:
        raise unknown_name(key, override.value(), known[key])


def _check_nested(overrides: list[str]) -> None:
    """A setting like ``searcher.proposals`` must be one that the chosen item has."""
    dotted = [text for text in overrides if "." in text.split("=")[0] and not of_hydra(text)]
    if not dotted:
        return
    chosen = _chosen(_choices_of_groups(overrides, groups()))
    for text in dotted:
        key = text.split("=")[0]
        group, _, name = key.partition(".")
        own = chosen[group]
        if group == "limits":  # which there are depends on the space, and is checked with it
            continue
        if not isinstance(own, DictConfig):
            raise ConfigError(f"{group} has no settings of its own; write {group}=value, not {text!r}.")
        others = [f"{group}.{each}" for each in map(str, own) if each not in ("name", name)]
        if name not in own and not others:
            raise ConfigError(f"{group}={own.get('name')} has no settings of its own; received {key}.")
        if name not in own:
            raise unknown_name("setting", key, others)


def _choices(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [override.input_line or ""]
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{override.input_line!r} is an interval; a sweep here lists its values, like 0,1,2."
        )
    values = list(override.sweep_string_iterator())
    if not values:
        raise ConfigError(f"{override.input_line!r} matches nothing.")
    return [f"{override.get_key_element()}={value}" for value in values]
