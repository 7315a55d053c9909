"""Trackers: other places that are told of every record. The folder is the registry.

An item is a module with

* ``REQUIRES``: the package it needs, or ``None``;
* ``OPTIONS``: by name the settings it takes (:mod:`harness.options`); none where it is missing;
* ``start(settings, folder) -> Tracker | None``: begin to track into the results folder ``folder``, with the
  settings of the config group ``tracker``; ``None`` where nobody is to be told.

The records are the results and complete without any of them, so a tracker is no part of a run's identity, and
one that fails is warned of and fails no run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from harness import registry
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.records import Record

_warned: set[str] = set()
"""Trackers that this process has warned of."""


class Tracker(Protocol):
    """What ``start`` returns."""

    def log(self, record: Record) -> None:
        """Take over what is wanted of ``record``, which may be that of a failed run."""


def names() -> tuple[str, ...]:
    """Names of all trackers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The tracker called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "tracker")


def require(name: str) -> None:
    """Make sure that the tracker called ``name`` is there.

    Raises
    ------
    UnknownNameError
        For another name.
    ConfigError
        Where its package is not installed.
    """
    package = load(name).REQUIRES
    if package is not None and find_spec(package) is None:
        raise ConfigError(
            f"tracker={name} needs the package {package}, which is not installed; `pip install {package}`, "
            "or leave tracker=none."
        )


def log(settings: Mapping[str, Any], folder: Path, path: Path) -> None:
    """Tell the tracker of ``settings`` of the record at ``path``; where it fails this process warns once."""
    from harness.records import read_record  # loads pandas

    name = settings["name"]
    try:
        tracker = _started(name, json.dumps(dict(settings), sort_keys=True), folder)
        if tracker is not None:
            tracker.log(read_record(path))
    except Exception as error:
        if name not in _warned:
            _warned.add(name)
            told = f"{type(error).__name__}: {' '.join(str(error).split())}"
            print(
                f"harness: tracker={name} failed ({told}); the records are complete without it.",
                file=sys.stderr,
                flush=True,
            )


@lru_cache(maxsize=8)
def _started(name: str, settings: str, folder: Path) -> Tracker | None:
    return load(name).start(json.loads(settings), folder)
