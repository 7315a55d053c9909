"""The folder is the registry: an item is one public module of a package, its file name its name.

Packages outside the project add items through an entry point in the group of the same
dotted name (for example ``harness.proxies``); a folder's own item wins over a foreign one.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType

from harness.errors import unknown_name


def names(package: str) -> tuple[str, ...]:
    """Names of the items of ``package`` (``"harness.proxies"``), sorted, without importing any."""
    folder = importlib.import_module(package)
    own = {item.name for item in pkgutil.iter_modules(folder.__path__) if not item.name.startswith("_")}
    return tuple(sorted(own | {point.name for point in entry_points(group=package)}))


def load(package: str, name: str, kind: str) -> ModuleType:
    """Import the item ``name`` of ``package``.

    Raises
    ------
    UnknownNameError
        With the nearest name and the full list, where no item carries ``name``.
    """
    allowed = names(package)
    if name not in allowed:
        raise unknown_name(kind, name, allowed)
    folder = importlib.import_module(package)
    if any(item.name == name for item in pkgutil.iter_modules(folder.__path__)):
        return importlib.import_module(f"{package}.{name}")
    (point,) = (point for point in entry_points(group=package) if point.name == name)
    return point.load()
