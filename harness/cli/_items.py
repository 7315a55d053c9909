"""Options of config groups, such as ``searcher=largest``: every item, of this package and of others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import DictConfig, ListConfig, OmegaConf

from harness import aggregations, benchmarks, folders, groups, registry
from harness.benchmarks import COUNTS
from harness.errors import ConfigError
from harness.options import Option
from harness.runners import RunConfig

OmegaConf.register_new_resolver("default_label", benchmarks.default_label, replace=True)
OmegaConf.register_new_resolver(
    "all_of",
    lambda *packages: ListConfig([name for each in packages for name in registry.names(f"harness.{each}")]),
    replace=True,
)


Contents = dict[str, dict[str, dict[str, Any]]]
"""By group and name what an option holds."""
_stored: Contents = {}


class _Item(ConfigNode):
    """An option whose node nobody changes: Hydra copies it where it is chosen, and otherwise need not."""

    def __deepcopy__(self, memo: Mapping[int, Any]) -> _Item:
        return self


def _item(name: str, content: dict[str, Any] | DictConfig, group: str | None = None) -> _Item:
    return _Item(f"{name}.yaml", OmegaConf.structured(content), group, package=None, provider="items")


def bring_in() -> bool:
    """Store every item, with its settings, as an option of its group, but where ``conf/`` has its file.

    The schema chooses the first item of every group that ``conf/config.yaml`` chooses nothing of. Returns
    whether anything is there that was not, or is other than before.
    """
    contents: Contents = {
        group: {
            name: _content(group, name)
            for name in groups.names(group)
            if not (folders.CONF / group / f"{name}.yaml").is_file()
        }
        for group in groups.GROUPS
    }
    contents[""] = {"schema": {"defaults": ["run", *_first_choices()]}}
    store = ConfigStore.instance()
    if contents == _stored and "schema.yaml" in store.repo:
        return False
    for group in groups.GROUPS:
        store.repo[group] = {f"{name}.yaml": _item(name, own, group) for name, own in contents[group].items()}
    store.repo["run.yaml"] = _item("run", _run())
    store.repo["schema.yaml"] = _item("schema", contents[""]["schema"])
    _stored.clear()
    _stored.update(contents)
    return True


def stored(group: str, name: str) -> DictConfig | None:
    """What the option ``name`` of ``group`` holds, ``None`` where no item carries the name."""
    node = ConfigStore.instance().repo.get(group, {}).get(f"{name}.yaml")
    return None if node is None else node.node


def explained() -> Iterator[str]:
    """A line for every setting: what it is for, and the items that take it."""
    takers: dict[tuple[str, str], list[str]] = {}
    for group in groups.GROUPS.keys() - {"proxy"}:
        for name in groups.names(group):
            for key, option in _options(group, name).items():
                choices = f": {', '.join(option.kind)}" if isinstance(option.kind, Collection) else ""
                takers.setdefault((f"{group}.{key}", option.help + choices), []).append(name)
    for (setting, words), names in sorted(takers.items()):
        yield f"{setting}: {words} ({', '.join(names)})"
    for name, unit in COUNTS.items():
        yield f"limits.{name}: {unit} of the network that is trained, at most (searchers that keep limits)"
    yield "limits.LABEL: a label of the space of which less is better, in its unit, at most (the same)"


def _run() -> DictConfig:
    """The schema, in which limits may have any name: which there are depends on the space."""
    node: Any = OmegaConf.structured(RunConfig)
    OmegaConf.set_struct(node.limits, False)
    return node


def _content(group: str, name: str) -> dict[str, Any]:
    if group == "proxy":
        return {"names": [name], **_listed(name)}
    label = {"label": f"${{default_label:{name}}}"} if group == "space" else {}
    return {"name": name, **{key: option.default for key, option in _options(group, name).items()}, **label}


def _options(group: str, name: str) -> dict[str, Option]:
    try:
        return groups.options(group, name)
    except ConfigError:  # of a broken item of another package: told where it is asked for
        return {}


def _listed(name: str) -> dict[str, Any]:
    """The list of proxies that a population proxy ranks, where the user may name another one."""
    try:
        item = aggregations.load(name) if name in aggregations.names() else None
    except ConfigError:
        return {}
    return {"of": list(item.PARTS or aggregations.LISTED)} if item and item.ABOUT.any_list else {}


def _first_choices() -> list[dict[str, str]]:
    path = folders.CONF / "config.yaml"
    chosen = _chosen(path, path.stat().st_mtime_ns)
    return [
        {group: groups.names(group)[0]}
        for group in groups.GROUPS
        if group not in chosen and groups.names(group)
    ]


@lru_cache(maxsize=1)
def _chosen(path: Path, changed: int) -> frozenset[str]:
    """Groups of which a file's defaults choose something; read again when it was ``changed``."""
    content = OmegaConf.load(path)
    return frozenset(str(key) for each in content.defaults if isinstance(each, DictConfig) for key in each)
