"""What differs between two values of JSON, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Change = tuple[str, Any, Any]
"""``(dotted name, before, after)``"""

TOLD = 6
"""Names that :func:`differences` lists."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The dotted names of what differs, ``code.proxies, versions.torch``; empty where nothing does."""
    names = [name for name, _, _ in changes(before, after)]
    more = [f"and {len(names) - TOLD} more"] if len(names) > TOLD else []
    return ", ".join([*names[:TOLD], *more])


def changes(before: Any, after: Any, name: str = "") -> Iterator[Change]:
    """Every leaf that differs; what one of them lacks is ``None`` there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from changes(before.get(key), after.get(key), f"{name}.{key}" if name else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changes(one, other, f"{name}.{index}")
    elif before != after:
        yield name, before, after
