"""Sizes of networks between those that have a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from harness.errors import ConfigError
from harness.spaces import Space

_IMAGES = ("image_size", "largest_image")
"""What a size states of images, and not of networks."""


def resized(
    space: Space, size: Any, channels: int | None = None, cells: int | None = None
) -> tuple[object, dict[str, Any]]:
    """``size`` with other ``channels`` and ``cells`` where they are named, and its numbers by their names.

    In DARTS ``cells`` are its layers. What concerns supernets or images alone is no number of a network.

    Raises
    ------
    ConfigError
        Where networks of ``space`` have no such number.
    """
    if not is_dataclass(size) or isinstance(size, type):
        named = {"channels": channels, "cells": cells}
        _require(space, [name for name, value in named.items() if value], ())
        return size, {"size": size}
    known = [each.name for each in fields(size)]
    places = {"channels": "channels", "cells": "layers" if "layers" in known else "cells"}
    wanted = {places[name]: value for name, value in (("channels", channels), ("cells", cells)) if value}
    _require(space, wanted, known)
    size = replace(size, **wanted)
    counted = [name for name in known if not name.startswith("supernet") and name not in _IMAGES]
    values = {name: getattr(size, name) for name in counted}
    return size, {name: value for name, value in values.items() if value is not False}


def _require(space: Space, wanted: Iterable[str], known: Collection[str]) -> None:
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ConfigError(
            f"Networks of {space.name} have no number of {missing[0]} to choose; leave it at default."
        )
