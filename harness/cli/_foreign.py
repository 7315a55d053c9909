"""Options of config groups for what other packages bring through entry points, such as ``proxy=theirs``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hydra.core.config_store import ConfigStore

from harness import registry
from harness.errors import ConfigError

FOLDERS = {
    "proxy": ("proxies", "aggregations"),
    "searcher": ("searchers",),
    "scorer": ("scorers",),
    "tracker": ("trackers",),
    "input": ("inputs",),
    "training": ("training",),
    "space": ("spaces",),
}
"""The folders whose items are a group's options."""

CONTENT: dict[str, dict[str, Any]] = {
    "proxy": {},
    "input": {"folder": None},
    "training": {
        "epochs": "${fidelity.epochs}",
        "fine_tuning_epochs": "${fidelity.fine_tuning_epochs}",
        "batch_size": 64,
        "images": "${fidelity.images}",
    },
    "space": {"label": "none", "supernet_epochs": 1},
}
"""What an option of a group holds besides its name; the others' modules state their settings."""


def bring_in() -> None:
    """Make every item of another package an option of its group; a file of the same name wins."""
    store = ConfigStore.instance()
    for group, folders in FOLDERS.items():
        store.repo.pop(group, None)
        for folder in folders:
            for name in _others(f"harness.{folder}"):
                node = (
                    {"names": [name]} if group == "proxy" else {"name": name, **_content(group, folder, name)}
                )
                store.store(name=name, group=group, node=node, provider="entry point")


def _others(package: str) -> Iterator[str]:
    return (name for name in registry.names(package) if not registry.is_own(package, name))


def _content(group: str, folder: str, name: str) -> dict[str, Any]:
    """The item's settings with their defaults, ``None`` where it states none; of a broken one nothing."""
    if group in CONTENT:
        return CONTENT[group]
    try:
        item = registry.load(f"harness.{folder}", name, group)
    except ConfigError:  # told where it is asked for
        return {}
    return dict.fromkeys(getattr(item, "SETTINGS", {})) | dict(getattr(item, "DEFAULTS", {}))
