"""Settings of items: what kind of value each takes, its default and what it is for.

An item that takes settings states them as ``OPTIONS: Mapping[str, Option]`` in its module. A kind is ``int``
(a positive integer), ``float`` (a positive number), ``bool``, ``str``, the names to choose from, or one of
the classes below. A value of another kind is refused in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from harness.errors import ConfigError, HarnessError, unknown_name


@dataclass(frozen=True)
class Whole:
    """An integer of at least ``low`` and of no more than ``bits`` bits, or the ``word``."""

    low: int = 1
    bits: int = 63
    word: str | None = None

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        words = "a positive integer" if self.low == 1 else f"an integer from {self.low} to 2**{self.bits} - 1"
        return words + (f" or {self.word}" if self.word else "")

    def check(self, name: str, value: object) -> None:
        """Raise :class:`~harness.errors.ConfigError` for a value of another kind."""
        whole = isinstance(value, int) and not isinstance(value, bool) and self.low <= value < 2**self.bits
        if not whole and (self.word is None or value != self.word):
            raise ConfigError(f"{name} must be {self.allowed}; received {value!r}.")


@dataclass(frozen=True)
class Share:
    """A number above 0 and below 1, or where it is ``closed`` from 0 to 1."""

    closed: bool = False

    def checked(self, name: str, value: object) -> float:
        """``value``; raises :class:`~harness.errors.ConfigError` for one of another kind."""
        allowed = "from 0 to 1" if self.closed else "above 0 and below 1"
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        if 0 < number < 1 or (self.closed and number in (0, 1)):
            return float(number)
        raise ConfigError(f"{name} must be a number {allowed}; received {value!r}.")


@dataclass(frozen=True)
class Folder:
    """A path, or nothing."""

    def check(self, name: str, value: object) -> None:
        """Raise :class:`~harness.errors.ConfigError` for a value of another kind."""
        if value is not None and (not isinstance(value, str) or not value or "\0" in value):
            raise ConfigError(f"{name} must be a folder or null; received {value!r}.")


@dataclass(frozen=True)
class Device:
    """``auto``, ``cpu``, ``cuda``, or one of several GPUs like ``cuda:1``."""

    def check(self, name: str, value: object) -> None:
        """Raise :class:`~harness.errors.UnknownNameError` for another one."""
        if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", value):
            raise unknown_name(name, value, ("auto", "cpu", "cuda", "cuda:0"))


@dataclass(frozen=True)
class Numbers:
    """Positive numbers by name; which names there are is known elsewhere."""

    def check(self, name: str, value: object) -> None:
        """Raise :class:`~harness.errors.ConfigError` for a value of another kind."""
        if not isinstance(value, Mapping):
            raise ConfigError(f"{name} must hold positive numbers by name; received {value!r}.")
        for key, each in value.items():
            _positive(f"{name}.{key}", each)


Kind = type[int | float | str] | Collection[str] | Whole | Share | Folder | Device | Numbers
"""One of those that the head of this module lists."""


@dataclass(frozen=True)
class Option:
    """A setting of an item.

    Attributes
    ----------
    kind
        What values it takes.
    default
        Its value where nobody names one; ``"${variant}"`` is the run's own setting of that name.
    help
        What it is for, in words short enough for a comment.
    later
        Whether runs were made before there was this setting: its default is then no part of a run's identity.
    """

    kind: Kind
    default: Any
    help: str = ""
    later: bool = False


def check_value(name: str, value: object, kind: Kind) -> Any:
    """``value``, if it is of the ``kind``.

    Raises
    ------
    ConfigError, UnknownNameError
        Otherwise.
    """
    if isinstance(kind, Whole | Folder | Device | Numbers):
        kind.check(name, value)
    elif isinstance(kind, Share):
        return kind.checked(name, value)
    elif kind is int:
        Whole().check(name, value)
    elif kind is float:
        return _positive(name, value)
    elif kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{name} must be true or false; received {value!r}.")
    elif kind is str:
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{name} must be text; received {value!r}.")
    elif not isinstance(kind, type) and (not isinstance(value, str) or value not in kind):
        raise unknown_name(name, value, kind)
    return value


def _positive(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < inf:
        raise ConfigError(f"{name} must be a positive number; received {value!r}.")
    return float(value)


def settings_of(
    group: str, values: Mapping[str, object], options: Mapping[str, Option], complete: bool = True
) -> dict[str, Any]:
    """The settings of an item, each of its kind; where not ``complete``, those that are there.

    Raises
    ------
    ConfigError, UnknownNameError
        For a setting it does not take, or a value that is not of the kind.
    """
    for key in values:
        if key not in ("name", *options):
            raise unknown_setting(group, str(values.get("name")), str(key), options)
    return {
        name: check_value(f"{group}.{name}", values.get(name), option.kind)
        for name, option in options.items()
        if complete or name in values
    }


def unknown_setting(group: str, name: str, key: str, allowed: Collection[str]) -> HarnessError:
    """The error for a setting ``key`` that the item ``name`` does not take."""
    if not allowed:
        return ConfigError(f"{group}={name} has no settings of its own; received {group}.{key}.")
    return unknown_name(
        f"setting of {group}={name}", f"{group}.{key}", [f"{group}.{each}" for each in allowed]
    )
