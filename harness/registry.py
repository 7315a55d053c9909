"""The folder is the registry: an item is one public module of a package, its file name its name.

Packages outside the project add items through an entry point in the group of the same
dotted name (for example ``harness.proxies``); a folder's own item wins over a foreign one.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from harness.errors import ConfigError, unknown_name


@cache
def _all_entry_points() -> Any:
    return metadata.entry_points()


@cache
def entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    """What installed packages add to ``group``; they are looked through once."""
    return tuple(_all_entry_points().select(group=group))


def names(package: str) -> tuple[str, ...]:
    """Names of the items of ``package`` (``"harness.proxies"``), sorted, without importing it or them."""
    return tuple(sorted(_own(package) | {point.name for point in entry_points(group=package)}))


def load(package: str, name: str, kind: str) -> ModuleType:
    """Import the item ``name`` of ``package``.

    Raises
    ------
    UnknownNameError
        With the nearest name and the full list, where no item carries ``name``.
    ConfigError
        Where the item is another package's and cannot be imported.
    """
    if is_own(package, name):
        return importlib.import_module(f"{package}.{name}")
    points = [point for point in entry_points(group=package) if point.name == name]
    if not points:
        raise unknown_name(kind, name, names(package))
    try:
        return points[0].load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"The {kind} {name!r} comes from another package, as {points[0].value}, and cannot be imported "
            f"({type(error).__name__}: {error}); mend that package or uninstall it."
        ) from error


def is_own(package: str, name: str) -> bool:
    """Whether ``name`` is an item of the folder itself, and of no other package."""
    return name in _own(package)


@cache
def _own(package: str) -> frozenset[str]:
    spec = find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or ()
    return frozenset(item.name for item in pkgutil.iter_modules(folders) if not item.name.startswith("_"))
